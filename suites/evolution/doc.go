// Package evolution has two versions of one spec, v1 and v2, and what is
// generated from each. Its tests run a program of either version against the
// same store: what one writes, the other reads and leaves whole.
package evolution

//go:generate go run ../../gen -config v1/mlmd.yaml
//go:generate go run ../../gen -config v2/mlmd.yaml
