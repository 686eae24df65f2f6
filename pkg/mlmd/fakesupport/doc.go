// Package fakesupport holds the functions that generated packages of fakes call:
// they make random values within the rules of a spec.
//
// It is for generated code only, and carries no compatibility promise.
package fakesupport
