//go:build unix

package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

const (
	changerVariable = "MLMD_CHANGED_FILE"
	lockerVariable  = "MLMD_LOCKED_FILE"
)

// What a read returns is never older than what another process had committed when it
// began, whichever connection answers, and whatever it has cached.
func TestTypes_ChangedByProcess(t *testing.T) {
	if path := os.Getenv(changerVariable); path != "" {
		changeType(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "r.db")
	c := clientOf(t, must(sqlite.Open(t.Context(), path)))
	typeID := modelType(t, c)
	if err := putModel(t.Context(), c, typeID, "first"); err != nil {
		t.Fatal(err)
	}
	reads := map[string]func(context.Context) (*mlmdpb.ArtifactType, error){
		"type": func(ctx context.Context) (*mlmdpb.ArtifactType, error) {
			r, err := c.GetArtifactType(ctx, &mlmdpb.GetArtifactTypeRequest{TypeName: proto.String("Model")})
			return r.GetArtifactType(), err
		},
		"lineage": func(ctx context.Context) (*mlmdpb.ArtifactType, error) {
			r, err := c.GetLineageSubgraph(ctx, &mlmdpb.GetLineageSubgraphRequest{
				LineageSubgraphQueryOptions: &mlmdpb.LineageSubgraphQueryOptions{
					StartingNodes: &mlmdpb.LineageSubgraphQueryOptions_StartingArtifacts{
						StartingArtifacts: &mlmdpb.LineageSubgraphQueryOptions_StartingNodes{FilterQuery: proto.String("id = 1")},
					},
				},
			})
			for _, found := range r.GetLineageSubgraph().GetArtifactTypes() {
				if found.GetName() == "Model" {
					return found, nil
				}
			}
			return nil, err
		},
	}

	var committed atomic.Int64 // by the other process
	cmd := startAgain(t, changerVariable, path)
	cmd.Stderr = os.Stderr
	out := must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, ok := strings.CutPrefix(lines.Text(), "committed "); ok {
				committed.Store(must(strconv.ParseInt(n, 10, 64)))
			}
		}
		committed.Store(-1)
	})
	for name, read := range reads {
		for range 2 {
			all.Go(func() {
				for before := int64(0); ; {
					want := committed.Load()
					if want < 0 || t.Failed() {
						return
					}
					found, err := read(t.Context())
					if err != nil || found == nil {
						t.Errorf("%s: %v, %v", name, found, err)
						return
					}
					got := int64(0)
					for name := range found.Properties {
						if n, ok := strings.CutPrefix(name, "change "); ok {
							got = must(strconv.ParseInt(n, 10, 64))
						}
					}
					if want = max(want, before); got < want {
						t.Errorf("%s: read change %d after change %d", name, got, want)
						return
					}
					before = got
				}
			})
		}
	}
	all.Go(func() {
		for i := 0; committed.Load() >= 0 && !t.Failed(); i++ {
			if err := putModel(t.Context(), c, typeID, fmt.Sprint("own", i)); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Millisecond)
		}
	})
	all.Wait()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// Until a commit, types that were read are found without a statement.
func TestTypes_Unchanged(t *testing.T) {
	var statements atomic.Int64
	c := clientOf(t, must(sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "r.db"),
		store.WithStatementObserver(func(context.Context, store.Statement) { statements.Add(1) }))))
	modelType(t, c)
	for i := range 3 {
		statements.Store(0)
		_, err := c.GetArtifactType(t.Context(), &mlmdpb.GetArtifactTypeRequest{TypeName: proto.String("Model")})
		if got := statements.Load(); err != nil || (got > 0) != (i == 0) {
			t.Errorf("read %d ran %d statements: %v", i, got, err)
		}
	}
}

func putModel(ctx context.Context, c mlmdpb.MetadataStoreServiceClient, typeID *int64, name string) error {
	_, err := c.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{
		Artifacts: []*mlmdpb.Artifact{{TypeId: typeID, Name: &name}},
	})
	return err
}

// changeType gives a property of a type one name after the other.
func changeType(t *testing.T, path string) {
	db := must2(sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"))
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO TypeProperty (type_id, name, data_type)"+
		" SELECT id, 'change 0', 1 FROM Type WHERE name = 'Model'"); err != nil {
		t.Fatal(err)
	}
	for i, end := 1, time.Now().Add(2*time.Second); time.Now().Before(end); i++ {
		if _, err := db.ExecContext(t.Context(), "UPDATE TypeProperty SET name = ? WHERE name LIKE 'change %'",
			fmt.Sprint("change ", i)); err != nil {
			t.Fatal(err)
		}
		fmt.Println("committed", i)
		time.Sleep(rand.N(2 * time.Millisecond))
	}
}

// A store that is opened and closed must not release the locks that other connections
// of this process have on the file.
func TestClose_KeepsLocksOfProcess(t *testing.T) {
	if path := os.Getenv(lockerVariable); path != "" {
		db := must2(sql.Open("sqlite", path))
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err == nil {
			t.Error("the lock of the other process is gone")
		}
		return
	}
	path := filepath.Join(t.TempDir(), "r.db")
	closed(t, path)
	db := must2(sql.Open("sqlite", path))
	defer db.Close()
	db.SetMaxOpenConns(1)
	const lock = "BEGIN IMMEDIATE; UPDATE MLMDEnv SET schema_version = schema_version"
	if _, err := db.ExecContext(t.Context(), lock); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second one finds the file still open
		c := must(sqlite.Open(t.Context(), path))
		if _, err := c.Client().GetArtifactTypes(t.Context(), &mlmdpb.GetArtifactTypesRequest{}); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if out, err := startAgain(t, lockerVariable, path).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
