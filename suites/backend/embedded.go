package backend

import (
	"context"
	"testing"
)

func startMemory(context.Context, testing.TB) (service, error)   { return service{}, unavailable("not built") }
func startFile(context.Context, testing.TB) (service, error)     { return service{}, unavailable("not built") }
func startBufconn(context.Context, testing.TB) (service, error)  { return service{}, unavailable("not built") }
func startPostgres(context.Context, testing.TB) (service, error) { return service{}, unavailable("not built") }
func startMySQL(context.Context, testing.TB) (service, error)    { return service{}, unavailable("not built") }
func startServer(context.Context, testing.TB) (service, error)   { return service{}, unavailable("not built") }
