// Package durability_test checks that a store keeps what it acknowledged and
// keeps it whole: when the process is killed, when several processes write one
// SQLite file, and when callers give up.
package durability_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "modernc.org/sqlite" // another driver of the same file

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m, backend.Child{Name: "register", Run: registerInChild}) }

func TestDurability(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "durability")
}

type client = mlmdpb.MetadataStoreServiceClient

// newFile is the name of a database file that is not there yet.
func newFile() string { return filepath.Join(GinkgoT().TempDir(), "registry.db") }

// open opens the file in this process, until the spec ends.
func open(ctx context.Context, file string, opts ...store.Option) client {
	GinkgoHelper()
	st, err := sqlite.Open(ctx, file, opts...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(st.Close)
	return st.Client()
}

// serve starts mlmd-server on the file, and ends it with the spec.
func serve(file string) (*backend.Process, client) {
	GinkgoHelper()
	p, err := backend.StartProcess("--db=" + file)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(p.Kill)
	conn, err := grpc.NewClient(p.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(conn.Close)
	return p, mlmdpb.NewMetadataStoreServiceClient(conn)
}

// types are the ids of the types that the specs write.
type types struct{ model, run, project int64 }

// register stores the types; several may do so at once.
func register(ctx context.Context, rpc client) types {
	GinkgoHelper()
	number := map[string]mlmdpb.PropertyType{"number": mlmdpb.PropertyType_INT}
	reply, err := rpc.PutTypes(ctx, &mlmdpb.PutTypesRequest{
		ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: new("Model"), Properties: number}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("Run"), Properties: number}},
		ContextTypes:   []*mlmdpb.ContextType{{Name: new("Project"), Properties: number}},
	})
	Expect(err).NotTo(HaveOccurred())
	return types{reply.GetArtifactTypeIds()[0], reply.GetExecutionTypeIds()[0], reply.GetContextTypeIds()[0]}
}

// number is the properties of the node that belongs to write n.
func number(n int) map[string]*mlmdpb.Value {
	return map[string]*mlmdpb.Value{"number": {Value: &mlmdpb.Value_IntValue{IntValue: int64(n)}}}
}

// put is one write: an execution, its output, and the context of both, with
// their properties and the three edges between them.
func (t types) put(n int) *mlmdpb.PutExecutionRequest {
	name := new(fmt.Sprint("write ", n))
	return &mlmdpb.PutExecutionRequest{
		Execution: &mlmdpb.Execution{TypeId: &t.run, Name: name, Properties: number(n)},
		ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{{
			Artifact: &mlmdpb.Artifact{TypeId: &t.model, Name: name, Properties: number(n)},
			Event:    &mlmdpb.Event{Type: mlmdpb.Event_OUTPUT.Enum()},
		}},
		Contexts: []*mlmdpb.Context{{TypeId: &t.project, Name: name, Properties: number(n)}},
	}
}

// stored reports whether write n is stored, and fails the spec if only a part of
// it is.
func stored(ctx context.Context, rpc client, n int) bool {
	GinkgoHelper()
	name := new(fmt.Sprint("write ", n))
	execution, err := rpc.GetExecutionByTypeAndName(ctx,
		&mlmdpb.GetExecutionByTypeAndNameRequest{TypeName: new("Run"), ExecutionName: name})
	Expect(err).NotTo(HaveOccurred())
	artifact, err := rpc.GetArtifactByTypeAndName(ctx,
		&mlmdpb.GetArtifactByTypeAndNameRequest{TypeName: new("Model"), ArtifactName: name})
	Expect(err).NotTo(HaveOccurred())
	project, err := rpc.GetContextByTypeAndName(ctx,
		&mlmdpb.GetContextByTypeAndNameRequest{TypeName: new("Project"), ContextName: name})
	Expect(err).NotTo(HaveOccurred())
	if execution.Execution == nil {
		Expect(artifact.Artifact).To(BeNil(), "write %d is there in part", n)
		Expect(project.Context).To(BeNil(), "write %d is there in part", n)
		return false
	}
	for what, properties := range map[string]map[string]*mlmdpb.Value{
		"execution": execution.Execution.GetProperties(), "artifact": artifact.GetArtifact().GetProperties(),
		"context": project.GetContext().GetProperties(),
	} {
		Expect(properties["number"].GetIntValue()).To(BeEquivalentTo(n), "the %s of write %d", what, n)
	}
	events, err := rpc.GetEventsByExecutionIDs(ctx,
		&mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: []int64{execution.Execution.GetId()}})
	Expect(err).NotTo(HaveOccurred())
	Expect(events.GetEvents()).To(HaveLen(1), "the event of write %d", n)
	Expect(events.GetEvents()[0].GetArtifactId()).To(Equal(artifact.Artifact.GetId()))
	in := &mlmdpb.GetArtifactsByContextRequest{ContextId: new(project.Context.GetId())}
	attributed, err := rpc.GetArtifactsByContext(ctx, in)
	Expect(err).NotTo(HaveOccurred())
	Expect(attributed.GetArtifacts()).To(HaveLen(1), "the attribution of write %d", n)
	return true
}

// intact fails the spec if SQLite finds a fault in the file.
func intact(ctx context.Context, file string) {
	GinkgoHelper()
	Expect(integrity(ctx, file)).To(Equal("ok"))
}

// integrity returns the result of SQLite's check of the file, "ok" if it finds no
// fault.
func integrity(ctx context.Context, file string) (verdict string, err error) {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return "", err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&verdict)
	return verdict, err
}
