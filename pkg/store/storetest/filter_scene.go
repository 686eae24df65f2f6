package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A gallery is a small store with nodes of all kinds for filters and lists. Its
// nodes are numbered from 1. Filters contain marks for what differs between stores:
// @a3 stands for the ID of artifact 3, @e3 and @c3 for those of an execution and a
// context, @Net for the name of a type, @tNet for its ID, @x for the suffix of
// external IDs, and @created3 and @updated3 for times of artifact 3.
type gallery struct {
	*scene
	artifacts, executions, contexts []int64
	marks                           *strings.Replacer
	contextOf                       map[string]int64 // type IDs by short name
}

// newGallery fills a store. It creates artifacts 1, 2, 3 and 4, updates 4, creates
// 5, and updates 2, all at different times.
func newGallery(s *scene) *gallery {
	g := &gallery{scene: s, contextOf: map[string]int64{}}
	g.makeTypes()
	g.makeContexts()
	g.makeArtifacts()
	g.makeExecutions()
	g.link()
	g.mark()
	return g
}

func (g *gallery) makeTypes() {
	kinds := func(pairs ...any) map[string]mlmdpb.PropertyType {
		props := map[string]mlmdpb.PropertyType{}
		for i := 0; i < len(pairs); i += 2 {
			props[pairs[i].(string)] = pairs[i+1].(mlmdpb.PropertyType)
		}
		return props
	}
	types, err := g.rpc.PutTypes(g.ctx, &mlmdpb.PutTypesRequest{
		ArtifactTypes: []*mlmdpb.ArtifactType{
			{
				Name:       new(g.own("Corpus")),
				Properties: kinds("rows", mlmdpb.PropertyType_INT, "ratio", mlmdpb.PropertyType_DOUBLE),
			},
			{
				Name:       new(g.own("Net")),
				Properties: kinds("accuracy", mlmdpb.PropertyType_DOUBLE, "released", mlmdpb.PropertyType_BOOLEAN),
			},
		},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new(g.own("Fit"))}, {Name: new(g.own("Score"))}},
		ContextTypes:   []*mlmdpb.ContextType{{Name: new(g.own("Study"))}, {Name: new(g.own("Team"))}},
	})
	g.ok(err)
	ids := slices.Concat(types.ArtifactTypeIds, types.ExecutionTypeIds, types.ContextTypeIds)
	for i, name := range []string{"Corpus", "Net", "Fit", "Score", "Study", "Team"} {
		g.contextOf[name] = ids[i]
	}
}

func (g *gallery) makeContexts() {
	for _, c := range []*mlmdpb.Context{
		{TypeId: new(g.contextOf["Study"]), Name: new("study-x")},
		{TypeId: new(g.contextOf["Study"]), Name: new("study-y")},
		{TypeId: new(g.contextOf["Team"]), Name: new("team-blue"), ExternalId: new(g.own("ext-c3"))},
	} {
		put, err := g.rpc.PutContexts(g.ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{c}})
		g.ok(err)
		g.contexts = append(g.contexts, put.ContextIds...)
		g.tick()
	}
}

// tick waits until the store's clock has advanced.
func (g *gallery) tick() { time.Sleep(2 * time.Millisecond) }

func (g *gallery) makeArtifacts() {
	corpus, net := g.contextOf["Corpus"], g.contextOf["Net"]
	all := []*mlmdpb.Artifact{
		{
			TypeId: &corpus, Name: new(
				"corpus-alpha",
			), Uri: new("/data/alpha"), State: mlmdpb.Artifact_LIVE.Enum(), ExternalId: new(g.own("ext-1")),
			Properties: values{"rows": integer(500), "ratio": double(0.25)}, CustomProperties: values{
				"owner": str("ada"), "team name": str("blue"),
			},
		},
		{
			TypeId: &corpus, Name: new("corpus-beta"), Uri: new("/data/beta"), State: mlmdpb.Artifact_PENDING.Enum(),
			Properties: values{"rows": integer(1500)}, CustomProperties: values{"owner": str("bob")},
		},
		{
			TypeId: &net, Properties: values{"accuracy": double(0.9), "released": boolean(true)},
			CustomProperties: values{"Owner": str("cleo")},
		},
		{
			TypeId: &net, Name: new("net_4"), Uri: new("s3://m/4"), State: mlmdpb.Artifact_DELETED.Enum(),
			Properties: values{
				"accuracy": double(0.7), "released": boolean(false),
			}, CustomProperties: values{"owner": integer(7)},
		},
		{TypeId: &net, Name: new("NET_5"), Uri: new("s3://m/5"), State: mlmdpb.Artifact_UNKNOWN.Enum()},
	}
	put := func(as ...*mlmdpb.Artifact) []int64 {
		done, err := g.rpc.PutArtifacts(g.ctx, &mlmdpb.PutArtifactsRequest{Artifacts: as})
		g.ok(err)
		g.tick()
		return done.ArtifactIds
	}
	update := func(n int, uri string) {
		a := proto.CloneOf(all[n-1])
		a.Id = &g.artifacts[n-1]
		for _, uri := range []string{uri + "/", uri} { // change and restore, so that only the time changes
			a.Uri = &uri
			put(a)
		}
	}
	g.artifacts = append(g.artifacts, put(all[0])...)
	g.artifacts = append(g.artifacts, put(all[1])...)
	g.artifacts = append(g.artifacts, put(all[2], all[3])...)
	update(4, "s3://m/4")
	g.artifacts = append(g.artifacts, put(all[4])...)
	update(2, "/data/beta")
}

func (g *gallery) makeExecutions() {
	put, err := g.rpc.PutExecutions(g.ctx, &mlmdpb.PutExecutionsRequest{Executions: []*mlmdpb.Execution{
		{
			TypeId: new(g.contextOf["Fit"]), Name: new("fit-1"), LastKnownState: mlmdpb.Execution_COMPLETE.Enum(),
			CustomProperties: values{"lr": double(0.1)},
		},
		{
			TypeId: new(g.contextOf["Fit"]), Name: new("fit-2"), LastKnownState: mlmdpb.Execution_RUNNING.Enum(),
			CustomProperties: values{"lr": double(0.01)},
		},
		{TypeId: new(g.contextOf["Score"]), Name: new("score-1")},
	}})
	g.ok(err)
	g.executions = put.ExecutionIds
}

func (g *gallery) link() {
	_, err := g.rpc.PutParentContexts(g.ctx, &mlmdpb.PutParentContextsRequest{ParentContexts: []*mlmdpb.ParentContext{
		{ChildId: &g.contexts[0], ParentId: &g.contexts[2]}, {ChildId: &g.contexts[1], ParentId: &g.contexts[2]},
	}})
	g.ok(err)
	links := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	for _, l := range [][2]int{{1, 1}, {1, 2}, {1, 3}, {2, 2}, {2, 4}} {
		links.Attributions = append(links.Attributions, &mlmdpb.Attribution{
			ContextId: &g.contexts[l[0]-1], ArtifactId: &g.artifacts[l[1]-1],
		})
	}
	for _, l := range [][2]int{{1, 1}, {1, 3}, {2, 2}, {2, 3}} {
		links.Associations = append(links.Associations, &mlmdpb.Association{
			ContextId: &g.contexts[l[0]-1], ExecutionId: &g.executions[l[1]-1],
		})
	}
	_, err = g.rpc.PutAttributionsAndAssociations(g.ctx, links)
	g.ok(err)
	events := &mlmdpb.PutEventsRequest{}
	for _, e := range []struct {
		artifact, execution int
		typ                 mlmdpb.Event_Type
		at                  int64
	}{
		{1, 1, mlmdpb.Event_INPUT, 1100},
		{3, 1, mlmdpb.Event_OUTPUT, 1200},
		{2, 2, mlmdpb.Event_INPUT, 2100},
		{4, 2, mlmdpb.Event_OUTPUT, 2200},
		{3, 3, mlmdpb.Event_INPUT, 3100},
		{4, 3, mlmdpb.Event_DECLARED_INPUT, 3200},
	} {
		events.Events = append(events.Events, &mlmdpb.Event{
			ArtifactId: &g.artifacts[e.artifact-1], ExecutionId: &g.executions[e.execution-1], Type: &e.typ,
			MillisecondsSinceEpoch: &e.at,
		})
	}
	_, err = g.rpc.PutEvents(g.ctx, events)
	g.ok(err)
}

// mark reads the times and sets the replacer of marks.
func (g *gallery) mark() {
	read, err := g.rpc.GetArtifactsByID(g.ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: g.artifacts})
	g.ok(err)
	var pairs []string
	add := func(mark string, v any) { pairs = append(pairs, "@"+mark, fmt.Sprint(v)) }
	for _, a := range read.Artifacts {
		n := 1 + slices.Index(g.artifacts, a.GetId())
		add("created"+strconv.Itoa(n), a.GetCreateTimeSinceEpoch())
		add("updated"+strconv.Itoa(n), a.GetLastUpdateTimeSinceEpoch())
	}
	contexts, err := g.rpc.GetContextsByID(g.ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: g.contexts})
	g.ok(err)
	for _, c := range contexts.Contexts {
		add("since"+strconv.Itoa(1+slices.Index(g.contexts, c.GetId())), c.GetCreateTimeSinceEpoch())
	}
	for letter, ids := range map[string][]int64{"a": g.artifacts, "e": g.executions, "c": g.contexts} {
		for i, id := range ids {
			add(letter+strconv.Itoa(i+1), id)
		}
	}
	for name, id := range g.contextOf {
		add("t"+name, id)
		add(name, g.own(name))
	}
	add("half3", float64(g.artifacts[2])/2)
	add("next2", g.artifacts[1]+1)
	add("none", int64(2_000_000_000))
	add("x", g.salt)
	g.marks = strings.NewReplacer(pairs...)
}

// A listed is a kind of node with its list method.
type listed byte

const (
	anArtifact   listed = 'a'
	anExecution  listed = 'e'
	aContextNode listed = 'c'
)

// list lists nodes page by page and returns the numbers of the gallery nodes among
// them.
func (g *gallery) list(of listed, o *mlmdpb.ListOperationOptions) ([]int, error) {
	o = proto.CloneOf(o)
	var found []int
	for {
		ids, next, err := g.page(of, o)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if n := slices.Index(g.own3(of), id); n >= 0 {
				found = append(found, n+1)
			}
		}
		if next == "" {
			return found, nil
		}
		o.NextPageToken = &next
	}
}

func (g *gallery) own3(of listed) []int64 {
	return map[listed][]int64{anArtifact: g.artifacts, anExecution: g.executions, aContextNode: g.contexts}[of]
}

// page returns the IDs of one page and the token of the next.
func (s *scene) page(of listed, o *mlmdpb.ListOperationOptions) (ids []int64, next string, err error) {
	switch of {
	case anArtifact:
		r, err := s.rpc.GetArtifacts(s.ctx, &mlmdpb.GetArtifactsRequest{Options: o})
		for _, n := range r.GetArtifacts() {
			ids = append(ids, n.GetId())
		}
		return ids, r.GetNextPageToken(), err
	case anExecution:
		r, err := s.rpc.GetExecutions(s.ctx, &mlmdpb.GetExecutionsRequest{Options: o})
		for _, n := range r.GetExecutions() {
			ids = append(ids, n.GetId())
		}
		return ids, r.GetNextPageToken(), err
	}
	r, err := s.rpc.GetContexts(s.ctx, &mlmdpb.GetContextsRequest{Options: o})
	for _, n := range r.GetContexts() {
		ids = append(ids, n.GetId())
	}
	return ids, r.GetNextPageToken(), err
}
