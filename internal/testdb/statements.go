package testdb

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
)

// A slowLine is what is logged of a slow statement.
type slowLine struct {
	Level, Msg, Statement, Plan string
	NoPlan                      string `json:"no_plan"`
	Took                        time.Duration
	Rows                        int64
	RPC                         string
}

// ObservesStatements checks that a store which open opens tells its observers of
// its statements, and logs those that take long with their plans, and that values
// are in neither. system is the database system, and plan a part of the plans that
// have an index.
func ObservesStatements(t *testing.T, system, plan string, open func(...store.Option) (*store.Store, error)) {
	t.Helper()
	const secret, number = "hidden'name", 1827364519
	log := &lines{}
	var mu sync.Mutex
	seen := map[string]int64{} // rows by operation
	s, err := open(
		store.WithLogger(slog.New(slog.NewJSONHandler(log, nil))), store.WithSlowQueryTime(1),
		store.WithStatementObserver(func(_ context.Context, s store.Statement) {
			mu.Lock()
			defer mu.Unlock()
			seen[s.Operation] += s.Rows
			if s.System != system || s.Text == "" || s.Duration <= 0 || s.Start.IsZero() || s.Err != nil {
				t.Errorf("the observer was told of %+v", s)
			}
			if strings.Contains(s.Text, secret) || strings.Contains(s.Text, "1827364519") {
				t.Errorf("a statement has a value: %s", s.Text)
			}
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rpc := s.Client()
	typ, err := rpc.PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
		ContextType: &mlmdpb.ContextType{Name: new("testdb.statements"), Properties: map[string]mlmdpb.PropertyType{
			"n": mlmdpb.PropertyType_INT,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
		TypeId: typ.TypeId, Name: new(secret), Properties: map[string]*mlmdpb.Value{
			"n": {Value: &mlmdpb.Value_IntValue{IntValue: number}},
		},
	}}}); err != nil {
		t.Fatal(err)
	}
	filter := `name != "x" AND name = "hidden'name" AND properties.n.int_value = 1827364519`
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		got, err := rpc.GetContexts(t.Context(), &mlmdpb.GetContextsRequest{
			Options: &mlmdpb.ListOperationOptions{FilterQuery: &filter, MaxResultSize: new(int32(7))},
		})
		if err != nil || len(got.GetContexts()) != 1 {
			t.Fatalf("got %v, %v", got, err)
		}
		if log.hasPlan(t, plan) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("no plan of the filter is logged with %q:\n%s", plan, log.text())
		}
	}
	if text := log.text(); strings.Contains(text, secret) || strings.Contains(text, "1827364519") {
		t.Errorf("the log has values:\n%s", text)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, operation := range []string{"SELECT", "INSERT"} {
		if seen[operation] == 0 {
			t.Errorf("the observer was told of no rows of %s: %v", operation, seen)
		}
	}
	for _, operation := range []string{"BEGIN", "COMMIT"} {
		if _, ok := seen[operation]; !ok {
			t.Errorf("the observer was told of no %s: %v", operation, seen)
		}
	}
}

// lines is a log.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// hasPlan reports whether the log has a plan of GetContexts that contains the
// text.
func (l *lines) hasPlan(t *testing.T, text string) bool {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(l.text()))
	for {
		var line slowLine
		if err := d.Decode(&line); err == io.EOF { //nolint:errorlint // as the decoder returns it
			return false
		} else if err != nil {
			t.Fatal(err)
		}
		if line.Msg != "slow statement" {
			continue
		}
		if line.Level != "WARN" || line.Statement == "" || line.Took <= 0 {
			t.Errorf("incomplete line: %+v", line)
		}
		if line.RPC == "GetContexts" && strings.Contains(line.Plan, text) {
			t.Logf("%s\n%s", line.Statement, line.Plan)
			return true
		}
	}
}
