// Command lineage records trainings and evaluations, with entities of its own
// schema, and prints where a model comes from.
package main

//go:generate go run github.com/mlmd-go/sdk/gen
