// Package differential sends random requests to our store and to the published
// core of MLMD and compares what they answer. A sequence of requests comes from
// a seed alone. One that ends in a difference is made as short as it gets and
// printed; the differences that are wanted are those of storetest.Differences,
// and each is recognised here, in one table.
//
//	go test ./suites/differential -run 'TestDifferential$' -v -args -n 100000 -seed 1
package differential
