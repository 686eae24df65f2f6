//go:build !stores

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/mlmd-go/sdk/gen/codegen"
)

// What works on a store imports the SDK with its generated code, and drivers: that
// takes longer to build than the generator, and must compile before anything can be
// generated.

var errNoStores = errors.New("this build of gen cannot work on stores: " +
	"go install -tags stores github.com/mlmd-go/sdk/gen@latest makes one that can")

type storeFlags struct{ store string }

func (f *storeFlags) add(flags *flag.FlagSet) {
	flags.StringVar(&f.store, "store", "", "a store; this build cannot work on one")
}

func (f *storeFlags) judge(context.Context) (codegen.Judge, func(), error) {
	return nil, nil, errNoStores
}

func planCommand(_ context.Context, _ []string, _, stderr io.Writer) int {
	fmt.Fprintln(stderr, errNoStores)
	return exitFailed
}

func migrateCommand(_ context.Context, _ []string, _, stderr io.Writer) int {
	fmt.Fprintln(stderr, errNoStores)
	return exitFailed
}
