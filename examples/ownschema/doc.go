// Command features is a feature store on ML Metadata, with entities of its own schema.
package main

//go:generate go tool gen
//go:generate go tool gen docs -test
