// Package differential sends random requests to this module's store and to the
// reference implementation and compares their replies. A sequence of requests comes from
// a seed alone. One that ends in a difference is made as short as it gets and
// printed; the differences that are wanted are those of storetest.Differences,
// and each is recognized here, in one table.
//
//	go test ./suites/differential -run 'TestDifferential$' -v -args -n 100000 -seed 1
package differential
