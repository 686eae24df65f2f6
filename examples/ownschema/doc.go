// Command features is a feature store on ML Metadata: its own entities, from
// its own spec, with the verbs of the SDK.
package main

//go:generate go tool gen
