package differential

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/typekind"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
	"github.com/mlmd-go/sdk/suites/backend"
	"github.com/mlmd-go/sdk/suites/differential/filtering"
)

// filtersPerStore is how many filters one random store is asked.
const filtersPerStore = 200

var nodeKinds = []typekind.Kind{typekind.Artifact, typekind.Execution, typekind.Context}

// TestFilters sends random filters to random stores, to this module's and the
// reference implementation, and compares each successful reply of ours with an
// evaluator in Go as well.
func TestFilters(t *testing.T) {
	stage := newStage(t)
	asked, good, excused := 0, 0, map[storetest.Capability]int{}
	for number := uint64(1); asked < *requests && !t.Failed(); number++ {
		r := rand.New(rand.NewPCG(*seed, number))
		storeSeed := r.Uint64()
		ours, known := filled(t, stage.ours, storeSeed)
		original, _ := filled(t, stage.original, storeSeed)
		for range min(filtersPerStore, *requests-asked) {
			asked++
			q := question(r, filtering.Writer.Filter)
			mine, theirs := filtering.Ask(t.Context(), ours.rpc, q.of, q.options),
				filtering.Ask(t.Context(), original.rpc, q.of, q.options)
			if mine.Code == codes.OK {
				good++
				q.evaluated(t, number, known, mine)
			} else if mine.Code != codes.InvalidArgument {
				t.Errorf("store %d of seed %d: %v filter %q: %v", number, *seed, q.of, q.text, mine)
			}
			if mine.Agrees(theirs) {
				continue
			}
			if name, ok := filtering.Excuse(q.text, mine, theirs); ok {
				excused[name]++
				continue
			}
			t.Errorf("store %d of seed %d: %v filter %q\nours:         %v\nthe original: %v", number, *seed, q.of, q.text, mine,
				theirs)
		}
		ours.close(t)
		original.close(t)
	}
	t.Logf("seed %d: %d filters, %d of them good; wanted differences met: %s", *seed, asked, good, counts(excused))
	if !t.Failed() && good*3 < asked {
		t.Errorf("only %d of %d filters were good: they are not what they should be", good, asked)
	}
}

// TestFilterResults_SameOnAllDatabases compares each database with the
// evaluator.
func TestFilterResults_SameOnAllDatabases(t *testing.T) {
	for _, name := range []string{backend.Memory, backend.Postgres, backend.MySQL} {
		t.Run(name, func(t *testing.T) {
			for number := range uint64(3) {
				rpc := backend.Named(name).Start(t)
				r := rand.New(rand.NewPCG(*seed, number))
				if err := filtering.Fill(t.Context(), rpc, r); err != nil {
					t.Fatal(err)
				}
				known, err := filtering.Read(t.Context(), rpc)
				if err != nil {
					t.Fatal(err)
				}
				for range *requests / 3 {
					q := question(r, filtering.Writer.Valid)
					answer := filtering.Ask(t.Context(), rpc, q.of, q.options)
					switch answer.Code {
					case codes.OK:
						q.evaluated(t, number, known, answer)
					case codes.InvalidArgument: // a name in two spellings, a literal of two types
					default:
						t.Errorf("store %d of seed %d: %v filter %q: %v", number, *seed, q.of, q.text, answer)
					}
					if t.Failed() {
						return
					}
				}
			}
		})
	}
}

// A filledStore is random, and known.
type filledStore struct {
	rpc  mlmdpb.MetadataStoreServiceClient
	done func() error
}

func (s filledStore) close(t *testing.T) {
	t.Helper()
	if err := s.done(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func filled(t *testing.T, start func(context.Context) (grpc.ClientConnInterface, func() error, error),
	storeSeed uint64,
) (filledStore, filtering.Known) {
	t.Helper()
	conn, done, err := start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := filledStore{mlmdpb.NewMetadataStoreServiceClient(conn), done}
	if err := filtering.Fill(t.Context(), s.rpc, rand.New(rand.NewPCG(storeSeed, 0))); err != nil {
		t.Fatal(err)
	}
	known, err := filtering.Read(context.WithoutCancel(t.Context()), s.rpc)
	if err != nil {
		t.Fatal(err)
	}
	return s, known
}

// An asked is a filter and how the list is sorted.
type asked struct {
	of      typekind.Kind
	text    string
	options *mlmdpb.ListOperationOptions
	desc    bool
}

func question(r *rand.Rand, write func(filtering.Writer) string) asked {
	q := asked{of: nodeKinds[r.IntN(len(nodeKinds))]}
	q.text = write(filtering.Writer{Rand: r, Kind: q.of})
	q.options = &mlmdpb.ListOperationOptions{MaxResultSize: ptr(int32(100)), FilterQuery: &q.text}
	if q.text == "" { // no filter at all
		q.text, q.options.FilterQuery = "TRUE", nil
	}
	if r.IntN(2) == 0 {
		q.desc = r.IntN(2) == 0
		field := mlmdpb.ListOperationOptions_OrderByField_ID
		if r.IntN(2) == 0 {
			field = mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME // nodes were created in the order of their ids
		}
		q.options.OrderByField = &mlmdpb.ListOperationOptions_OrderByField{Field: &field, IsAsc: ptr(!q.desc)}
	}
	return q
}

// evaluated compares a good answer with the evaluator.
func (q asked) evaluated(t *testing.T, number uint64, known filtering.Known, got filtering.Answer) {
	t.Helper()
	f, err := filterquery.Compile(q.text, q.of)
	if err != nil {
		t.Errorf("store %d of seed %d: %v filter %q was answered, but: %v", number, *seed, q.of, q.text, err)
		return
	}
	want := known.Selects(q.of, f)
	if q.desc {
		slices.Reverse(want)
	}
	if !slices.Equal(got.IDs, want) {
		t.Errorf("store %d of seed %d: %v filter %q selects %v; want %v", number, *seed, q.of, q.text, got.IDs, want)
	}
}

func counts(excused map[storetest.Capability]int) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(excused)) {
		list = append(list, fmt.Sprintf("%s %d", name, excused[name]))
	}
	return strings.Join(list, ", ")
}
