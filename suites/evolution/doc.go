// Package evolution has two versions of one spec, v1 and v2, and what is
// generated from each. Its tests run a program of either version against the
// same store: what one writes, the other reads and leaves whole. In the folder
// teams are two versions of which the second one breaks programs of the first:
// a server can serve the REST APIs of both.
package evolution

//go:generate go run ../../gen -config v1/mlmd.yaml
//go:generate go run ../../gen -config v2/mlmd.yaml
//go:generate go run ../../gen -config teams/v1/mlmd.yaml
//go:generate go run ../../gen -config teams/v2/mlmd.yaml
