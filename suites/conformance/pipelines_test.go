package conformance

import (
	"context"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/suites/backend"
)

// The calls that the driver, the launcher and the cache of Kubeflow Pipelines 2 send
// for a run of a pipeline with two tasks in a nested DAG, and what they rely on.
var _ = Describe("Kubeflow Pipelines", func() {
	for _, b := range backend.All() {
		It("run a pipeline on "+b.Name, Label(b.Name), func(ctx SpecContext) {
			rpc, _ := b.StartShared(GinkgoTB())
			p := &pipeline{rpc: rpc, name: fmt.Sprintf("pipeline-%x", time.Now().UnixNano())}

			By("starting the run: two drivers create the same contexts")
			p.types(ctx)
			pipelineID, runID := p.contexts(ctx)
			parents, err := rpc.GetParentContextsByContext(ctx,
				&pb.GetParentContextsByContextRequest{ContextId: new(runID)})
			Expect(err).NotTo(HaveOccurred())
			Expect(parents.GetContexts()).To(HaveLen(1))
			Expect(parents.GetContexts()[0].GetId()).To(Equal(pipelineID))

			By("creating the root DAG once")
			root := p.execution(ctx, p.dag, "run/root", 0, nil, pipelineID, runID)
			_, err = p.put(ctx, p.dag, "run/root", 0, nil, pipelineID, runID)
			Expect(status.Code(err)).To(Equal(codes.AlreadyExists))
			found, err := rpc.GetExecutionByTypeAndName(ctx, &pb.GetExecutionByTypeAndNameRequest{
				TypeName: new("system.DAGExecution"), ExecutionName: new(p.name + "/run/root"),
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(found.GetExecution().GetId()).To(Equal(root))

			By("running the first task, which writes a data set")
			first := p.execution(ctx, p.container, "prepare", root, nil, pipelineID, runID)
			uri := "s3://pipelines/" + p.name + "/data"
			_, err = rpc.PutExecution(ctx, &pb.PutExecutionRequest{
				Execution: p.stored(ctx, first, pb.Execution_COMPLETE),
				ArtifactEventPairs: []*pb.PutExecutionRequest_ArtifactAndEvent{{
					Artifact: &pb.Artifact{
						TypeId: new(p.dataset), Uri: new(uri), State: pb.Artifact_LIVE.Enum(),
						CustomProperties: map[string]*pb.Value{"display_name": text("data")},
					},
					Event: &pb.Event{Type: pb.Event_OUTPUT.Enum(), Path: &pb.Event_Path{
						Steps: []*pb.Event_Path_Step{{Value: &pb.Event_Path_Step_Key{Key: "data"}}},
					}},
				}},
				Contexts: []*pb.Context{{Id: new(runID), TypeId: new(p.run), Name: new(p.name + "/run")}},
			})
			Expect(err).NotTo(HaveOccurred())
			data, err := rpc.GetArtifactsByURI(ctx, &pb.GetArtifactsByURIRequest{Uris: []string{uri}})
			Expect(err).NotTo(HaveOccurred())
			Expect(data.GetArtifacts()).To(HaveLen(1))
			input := data.GetArtifacts()[0].GetId()

			By("running the second task, which reads it")
			second := p.execution(ctx, p.container, "train", root, []int64{input}, pipelineID, runID)
			events, err := rpc.GetEventsByArtifactIDs(ctx, &pb.GetEventsByArtifactIDsRequest{ArtifactIds: []int64{input}})
			Expect(err).NotTo(HaveOccurred())
			byType := map[pb.Event_Type]int64{}
			for _, e := range events.GetEvents() {
				byType[e.GetType()] = e.GetExecutionId()
			}
			Expect(byType).To(Equal(map[pb.Event_Type]int64{pb.Event_OUTPUT: first, pb.Event_INPUT: second}))

			By("waiting for the tasks of the DAG, a page at a time")
			Expect(p.tasksOf(ctx, runID, root)).To(ConsistOf(first, second))
			Expect(p.tasksOf(ctx, runID, first)).To(BeEmpty())

			By("looking at the task's events and contexts, as the cache does")
			of, err := rpc.GetEventsByExecutionIDs(ctx, &pb.GetEventsByExecutionIDsRequest{ExecutionIds: []int64{first}})
			Expect(err).NotTo(HaveOccurred())
			Expect(of.GetEvents()).To(HaveLen(1))
			Expect(of.GetEvents()[0].GetPath().GetSteps()[0].GetKey()).To(Equal("data"))
			in, err := rpc.GetContextsByExecution(ctx, &pb.GetContextsByExecutionRequest{ExecutionId: new(first)})
			Expect(err).NotTo(HaveOccurred())
			Expect(in.GetContexts()).To(HaveLen(2))
			holds, err := rpc.GetContextsByArtifact(ctx, &pb.GetContextsByArtifactRequest{ArtifactId: new(input)})
			Expect(err).NotTo(HaveOccurred())
			Expect(holds.GetContexts()).To(HaveLen(2), "the output is in all contexts of its execution")
		})
	}
})

// A pipeline is what the driver knows of one.
type pipeline struct {
	rpc  pb.MetadataStoreServiceClient
	name string

	pipeline, run, dag, container, dataset int64 // types
}

func text(s string) *pb.Value { return &pb.Value{Value: &pb.Value_StringValue{StringValue: s}} }

func integer(n int64) *pb.Value { return &pb.Value{Value: &pb.Value_IntValue{IntValue: n}} }

// types puts the types, as every driver does when it starts.
func (p *pipeline) types(ctx context.Context) {
	GinkgoHelper()
	for name, id := range map[string]*int64{"system.Pipeline": &p.pipeline, "system.PipelineRun": &p.run} {
		out, err := p.rpc.PutContextType(ctx, &pb.PutContextTypeRequest{
			CanAddFields: new(true), ContextType: &pb.ContextType{Name: new(name)},
		})
		Expect(err).NotTo(HaveOccurred())
		*id = out.GetTypeId()
	}
	for name, id := range map[string]*int64{"system.DAGExecution": &p.dag, "system.ContainerExecution": &p.container} {
		out, err := p.rpc.PutExecutionType(ctx, &pb.PutExecutionTypeRequest{
			CanAddFields: new(true), ExecutionType: &pb.ExecutionType{Name: new(name)},
		})
		Expect(err).NotTo(HaveOccurred())
		*id = out.GetTypeId()
	}
	out, err := p.rpc.PutArtifactType(ctx, &pb.PutArtifactTypeRequest{
		CanAddFields: new(true), ArtifactType: &pb.ArtifactType{Name: new("system.Dataset")},
	})
	Expect(err).NotTo(HaveOccurred())
	p.dataset = out.GetTypeId()
}

// contexts returns the IDs of the pipeline and of its run, which two drivers create at
// the same time: one of them gets ALREADY_EXISTS, and looks the context up.
func (p *pipeline) contexts(ctx context.Context) (pipelineID, runID int64) {
	GinkgoHelper()
	create := func(typeID int64, typeName, name string) int64 {
		GinkgoHelper()
		get := &pb.GetContextByTypeAndNameRequest{TypeName: new(typeName), ContextName: new(name)}
		absent, err := p.rpc.GetContextByTypeAndName(ctx, get)
		Expect(err).NotTo(HaveOccurred())
		Expect(absent.GetContext()).To(BeNil(), "found nothing, without an error")
		var both sync.WaitGroup
		codesOf := make([]codes.Code, 2)
		for i := range codesOf {
			both.Go(func() {
				for { // as their client does
					_, err := p.rpc.PutContexts(ctx, &pb.PutContextsRequest{
						Contexts: []*pb.Context{{TypeId: new(typeID), Name: new(name)}},
					})
					codesOf[i] = status.Code(err)
					if codesOf[i] != codes.Aborted && codesOf[i] != codes.Unavailable {
						return
					}
				}
			})
		}
		both.Wait()
		Expect(codesOf).To(ConsistOf(codes.OK, codes.AlreadyExists))
		present, err := p.rpc.GetContextByTypeAndName(ctx, get)
		Expect(err).NotTo(HaveOccurred())
		return present.GetContext().GetId()
	}
	pipelineID = create(p.pipeline, "system.Pipeline", p.name)
	runID = create(p.run, "system.PipelineRun", p.name+"/run")
	link := &pb.PutParentContextsRequest{
		ParentContexts: []*pb.ParentContext{{ChildId: new(runID), ParentId: new(pipelineID)}},
	}
	_, err := p.rpc.PutParentContexts(ctx, link)
	Expect(err).NotTo(HaveOccurred())
	_, err = p.rpc.PutParentContexts(ctx, link)
	Expect(status.Code(err)).To(Equal(codes.AlreadyExists))
	return pipelineID, runID
}

// put creates an execution in the contexts, with its inputs.
func (p *pipeline) put(
	ctx context.Context, typeID int64, name string, dag int64, inputs []int64, contexts ...int64,
) (int64, error) {
	properties := map[string]*pb.Value{"display_name": text(name), "namespace": text("kubeflow")}
	if dag != 0 {
		properties["parent_dag_id"] = integer(dag)
	}
	in := &pb.PutExecutionRequest{Execution: &pb.Execution{
		TypeId: new(typeID), Name: new(p.name + "/" + name), LastKnownState: pb.Execution_RUNNING.Enum(),
		CustomProperties: properties,
	}}
	for i, id := range contexts {
		typeID := p.pipeline
		if i == 1 {
			typeID = p.run
		}
		in.Contexts = append(in.Contexts,
			&pb.Context{Id: new(id), TypeId: new(typeID), Name: new([]string{p.name, p.name + "/run"}[i])})
	}
	for _, id := range inputs {
		in.ArtifactEventPairs = append(in.ArtifactEventPairs, &pb.PutExecutionRequest_ArtifactAndEvent{
			Event: &pb.Event{ArtifactId: new(id), Type: pb.Event_INPUT.Enum()},
		})
	}
	out, err := p.rpc.PutExecution(ctx, in)
	return out.GetExecutionId(), err
}

func (p *pipeline) execution(
	ctx context.Context, typeID int64, name string, dag int64, inputs []int64, contexts ...int64,
) int64 {
	GinkgoHelper()
	id, err := p.put(ctx, typeID, name, dag, inputs, contexts...)
	Expect(err).NotTo(HaveOccurred())
	return id
}

// stored returns the execution as the store has it, in another state.
func (p *pipeline) stored(ctx context.Context, id int64, state pb.Execution_State) *pb.Execution {
	GinkgoHelper()
	out, err := p.rpc.GetExecutionsByID(ctx, &pb.GetExecutionsByIDRequest{ExecutionIds: []int64{id}})
	Expect(err).NotTo(HaveOccurred())
	Expect(out.GetExecutions()).To(HaveLen(1))
	e := proto.CloneOf(out.GetExecutions()[0])
	e.LastKnownState = state.Enum()
	return e
}

// tasksOf returns the IDs of the executions of a DAG, from pages of one.
func (p *pipeline) tasksOf(ctx context.Context, run, dag int64) []int64 {
	GinkgoHelper()
	var ids []int64
	options := &pb.ListOperationOptions{
		MaxResultSize: new(int32(1)),
		FilterQuery:   new(fmt.Sprintf("custom_properties.parent_dag_id.int_value = %d", dag)),
	}
	for {
		out, err := p.rpc.GetExecutionsByContext(ctx,
			&pb.GetExecutionsByContextRequest{ContextId: new(run), Options: options})
		Expect(err).NotTo(HaveOccurred())
		for _, e := range out.GetExecutions() {
			ids = append(ids, e.GetId())
		}
		if out.GetNextPageToken() == "" {
			return ids
		}
		options.NextPageToken = new(out.GetNextPageToken())
	}
}
