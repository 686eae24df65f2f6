//go:build !unix

package main

import "os"

// reloadSignal is nil where no signal asks the server to read its files again.
var reloadSignal os.Signal
