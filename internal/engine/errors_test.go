package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// testService has no database: only what decides about errors.
func testService() *Service {
	return &Service{
		db: sqldb.Open(sqldb.Config{
			Dialect: &sqldb.Dialect{Classify: func(error) sqldb.ErrorClass { return sqldb.Other }},
			Write:   sql.OpenDB(unusedConnector{}), Writers: 1, Log: slog.New(slog.DiscardHandler),
		}),
		log: slog.New(slog.DiscardHandler),
	}
}

// stream is the stream of an RPC in a gRPC server.
type stream struct{ grpc.ServerTransportStream }

func (stream) Method() string { return "/ml_metadata.MetadataStoreService/PutArtifacts" }

func inRPC(ctx context.Context) context.Context {
	return grpc.NewContextWithServerTransportStream(ctx, stream{})
}

func TestService_StatusHidesDriverText(t *testing.T) {
	s := testService()
	var log strings.Builder
	s.log = slog.New(rpcHandler{slog.NewTextHandler(&log, nil)})
	err := s.status(inRPC(t.Context()), fmt.Errorf("query: %w", &sqldb.DriverError{Err: errors.New("SECRET text of the" +
		" driver")}))
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "SECRET") || !strings.Contains(log.String(), "PutArtifacts") {
		t.Errorf("the log has %q", log.String())
	}
}

func TestService_StatusIsSanitized(t *testing.T) {
	s := testService()
	err := s.status(t.Context(), invalidArgf("no property %s\xff", strings.Repeat("x", 1<<20)))
	if text := status.Convert(err).Message(); len(text) > 4096 || !utf8.ValidString(text) {
		t.Errorf("a message of %d bytes", len(text))
	}
	if err := s.status(t.Context(), invalidArgf("\xff")); !utf8.ValidString(status.Convert(err).Message()) {
		t.Error("a message is not UTF-8")
	}
}

// unusedConn is a connection on which no statement runs.
type unusedConn struct {
	driver.Conn
	driver.ConnPrepareContext
	driver.QueryerContext
	driver.ExecerContext
}

func (unusedConn) Close() error { return nil }

type unusedConnector struct{}

func (unusedConnector) Driver() driver.Driver                        { return nil }
func (unusedConnector) Connect(context.Context) (driver.Conn, error) { return unusedConn{}, nil }

func TestService_PanicIsInternal(t *testing.T) {
	s := testService()
	var log strings.Builder
	s.log = slog.New(rpcHandler{slog.NewTextHandler(&log, nil)})
	err := s.view(t.Context(), func(context.Context, querier) error { panic("SECRET") })
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "errors_test.go") {
		t.Errorf("the log does not say where: %s", log.String())
	}
}
