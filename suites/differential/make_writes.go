package differential

import "github.com/mlmd-go/sdk/generated/mlmdpb"

// request makes the i-th step of a sequence: types first, then nodes, then
// whatever.
func (w *world) request(i int) step {
	switch {
	case i < 3:
		return w.putType(i)
	case i < 6:
		return w.putNodes(i - 3)
	}
	switch n := w.IntN(100); {
	case n < 8:
		return w.putType(w.IntN(kindCount))
	case n < 11:
		return w.putTypes()
	case n < 34:
		return w.putNodes(w.IntN(kindCount))
	case n < 39:
		return w.putEvents()
	case n < 47:
		return w.putExecution()
	case n < 54:
		return w.putSubgraph()
	case n < 59:
		return w.putLinks()
	case n < 64:
		return w.putParents()
	}
	return w.read()
}

func (w *world) putNodes(kind int) step {
	n := pick(w, 1, 1, 1, 2, 3, 0)
	switch kind {
	case artifact:
		r := &mlmdpb.PutArtifactsRequest{UpdateMask: w.mask()}
		if w.chance(5) {
			r.Options = &mlmdpb.PutArtifactsRequest_Options{AbortIfLatestUpdatedTimeChanged: ptr(!w.chance(4))}
		}
		for range n {
			a := w.node(artifact)
			if r.Options != nil && a.id != nil && a.created == nil && !w.chance(3) {
				a.updated = ptr[int64](currentTime)
			}
			r.Artifacts = append(r.Artifacts, a.artifact())
		}
		return step{"PutArtifacts", r}
	case execution:
		r := &mlmdpb.PutExecutionsRequest{UpdateMask: w.mask()}
		for range n {
			r.Executions = append(r.Executions, w.node(execution).execution())
		}
		return step{"PutExecutions", r}
	}
	r := &mlmdpb.PutContextsRequest{UpdateMask: w.mask()}
	for range n {
		r.Contexts = append(r.Contexts, w.node(context_).context())
	}
	return step{"PutContexts", r}
}

// event makes an event; ids are filled in by who knows them.
func (w *world) event() *mlmdpb.Event {
	e := &mlmdpb.Event{Type: maybe[mlmdpb.Event_Type](w, 40, 1, 2, 3, 3, 4, 4, 5, 6, 7)}
	if w.chance(60) {
		e.Type = pick(w, mlmdpb.Event_UNKNOWN.Enum(), ptr(mlmdpb.Event_Type(99)), ptr(mlmdpb.Event_Type(-1)))
	}
	if w.chance(3) {
		e.MillisecondsSinceEpoch = ptr(pick[int64](w, 0, 1, -5, 1<<40))
	}
	if w.chance(2) {
		e.Path = &mlmdpb.Event_Path{}
		for range w.IntN(4) {
			e.Path.Steps = append(e.Path.Steps, w.pathStep())
		}
	}
	return e
}

func (w *world) pathStep() *mlmdpb.Event_Path_Step {
	switch w.IntN(5) {
	case 0:
		return &mlmdpb.Event_Path_Step{}
	case 1, 2:
		return &mlmdpb.Event_Path_Step{Value: &mlmdpb.Event_Path_Step_Index{Index: pick[int64](w, 0, 1, -1, 1<<40)}}
	}
	return &mlmdpb.Event_Path_Step{Value: &mlmdpb.Event_Path_Step_Key{Key: w.text("k", "", "l")}}
}

func (w *world) putEvents() step {
	r := &mlmdpb.PutEventsRequest{}
	for range pick(w, 1, 1, 2, 3, 0) {
		e := w.event()
		if !w.chance(30) {
			e.ArtifactId = ptr(w.nodeID(artifact))
		}
		if !w.chance(30) {
			e.ExecutionId = ptr(w.nodeID(execution))
		}
		r.Events = append(r.Events, e)
	}
	return step{"PutEvents", r}
}

func (w *world) putExecution() step {
	r := &mlmdpb.PutExecutionRequest{}
	if !w.chance(40) {
		r.Execution = w.node(execution).execution()
	}
	for range w.IntN(3) {
		r.ArtifactEventPairs = append(r.ArtifactEventPairs, w.pair(r.GetExecution().GetId()))
	}
	if !w.chance(3) {
		r.Options = &mlmdpb.PutExecutionRequest_Options{
			ReuseContextIfAlreadyExist:              maybe(w, 2, true, true, false),
			ReuseArtifactIfAlreadyExistByExternalId: maybe(w, 2, true, true, false),
			ForceUpdateTime:                         maybe(w, 4, true, false), ForceReuseContext: maybe(w, 2, true, true, false),
		}
	}
	for range w.IntN(3) {
		c := w.node(context_)
		if r.GetOptions().GetForceReuseContext() && w.chance(2) {
			c = node{id: ptr(w.nodeID(context_))}
		}
		r.Contexts = append(r.Contexts, c.context())
	}
	return step{"PutExecution", r}
}

func (w *world) pair(execution int64) *mlmdpb.PutExecutionRequest_ArtifactAndEvent {
	p := &mlmdpb.PutExecutionRequest_ArtifactAndEvent{}
	if !w.chance(4) {
		p.Artifact = w.node(artifact).artifact()
	}
	if w.chance(3) {
		return p
	}
	p.Event = w.event()
	if p.Artifact == nil || w.chance(20) {
		p.Event.ArtifactId = ptr(w.nodeID(artifact))
	} else if w.chance(3) && p.Artifact.Id != nil {
		p.Event.ArtifactId = ptr(p.Artifact.GetId())
	}
	if execution != 0 && w.chance(3) {
		p.Event.ExecutionId = &execution
	} else if w.chance(30) {
		p.Event.ExecutionId = ptr(w.Int64N(9))
	}
	return p
}

func (w *world) putSubgraph() step {
	r := &mlmdpb.PutLineageSubgraphRequest{}
	withType := func(kind int) node {
		n := w.node(kind)
		if n.id != nil && n.created == nil && !w.chance(10) {
			n.typeID, n.created = nil, ptr[int64](asRead)
		}
		return n
	}
	for range w.IntN(3) {
		r.Artifacts = append(r.Artifacts, withType(artifact).artifact())
	}
	for range w.IntN(3) {
		r.Executions = append(r.Executions, withType(execution).execution())
	}
	for range w.IntN(3) {
		r.Contexts = append(r.Contexts, withType(context_).context())
	}
	for range w.IntN(3) {
		r.EventEdges = append(r.EventEdges, w.edge(r))
	}
	if !w.chance(3) {
		r.Options = &mlmdpb.PutLineageSubgraphRequest_Options{
			ReuseContextIfAlreadyExist:              maybe(w, 2, true, true, false),
			ReuseArtifactIfAlreadyExistByExternalId: maybe(w, 2, true, true, false),
		}
	}
	return step{"PutLineageSubgraph", r}
}

func (w *world) edge(r *mlmdpb.PutLineageSubgraphRequest) *mlmdpb.PutLineageSubgraphRequest_EventEdge {
	e := &mlmdpb.PutLineageSubgraphRequest_EventEdge{}
	if !w.chance(40) {
		e.Event = w.event()
	}
	index := func(n int) *int32 {
		if n > 0 && !w.chance(20) {
			return ptr(w.Int32N(int32(n)))
		}
		return maybe[int32](w, 2, -1, 0, 1, 2, 3)
	}
	if !w.chance(4) {
		e.ExecutionIndex = index(len(r.Executions))
	}
	if !w.chance(4) {
		e.ArtifactIndex = index(len(r.Artifacts))
	}
	if e.Event != nil && (e.ExecutionIndex == nil || w.chance(15)) && !w.chance(20) {
		e.Event.ExecutionId = ptr(w.nodeID(execution))
	}
	if e.Event != nil && (e.ArtifactIndex == nil || w.chance(15)) && !w.chance(20) {
		e.Event.ArtifactId = ptr(w.nodeID(artifact))
	}
	return e
}

func (w *world) putLinks() step {
	r := &mlmdpb.PutAttributionsAndAssociationsRequest{}
	id := func(kind int) *int64 {
		if w.chance(40) {
			return nil
		}
		return ptr(w.nodeID(kind))
	}
	for range w.IntN(3) {
		r.Attributions = append(r.Attributions, &mlmdpb.Attribution{ArtifactId: id(artifact), ContextId: id(context_)})
	}
	for range w.IntN(3) {
		r.Associations = append(r.Associations, &mlmdpb.Association{ExecutionId: id(execution), ContextId: id(context_)})
	}
	return step{"PutAttributionsAndAssociations", r}
}

func (w *world) putParents() step {
	r := &mlmdpb.PutParentContextsRequest{}
	for range pick(w, 1, 1, 1, 2, 3, 0) {
		p := &mlmdpb.ParentContext{}
		if !w.chance(40) {
			p.ChildId = ptr(w.nodeID(context_))
		}
		if !w.chance(40) {
			p.ParentId = ptr(w.nodeID(context_))
		}
		r.ParentContexts = append(r.ParentContexts, p)
	}
	return step{"PutParentContexts", r}
}
