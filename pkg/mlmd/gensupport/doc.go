// Package gensupport holds the functions that generated mappings call: they
// write and read the properties of a node, the members of objects, and check
// values against the rules of a spec.
//
// It is for generated code only. It carries no compatibility promise: its names
// change together with the generator, and code generated for another version of
// package mlmd does not compile.
package gensupport
