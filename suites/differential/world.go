package differential

import (
	"math"
	"math/rand/v2"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// The kinds of types and nodes.
const (
	artifact = iota
	execution
	context_
	kindCount
)

// A world makes the requests of one sequence. It remembers what was answered,
// so that most requests are about what is there; all else comes from the seed.
type world struct {
	*rand.Rand
	length int
	// plain leaves out doubles that the reference implementation rounds. It treats
	// them as changed when they are put again, so times could not be compared.
	plain bool
	steps []step
	types [kindCount][]knownType
	nodes [kindCount][]int64
}

type knownType struct {
	id         int64
	properties map[string]mlmdpb.PropertyType
}

func newWorld(seed, number uint64, length int, plain bool) *world {
	return &world{Rand: rand.New(rand.NewPCG(seed, number)), length: length, plain: plain}
}

// chance is true once in n times.
func (w *world) chance(n int) bool { return w.IntN(n) == 0 }

// pick answers one of the values.
func pick[T any](w *world, from ...T) T { return from[w.IntN(len(from))] }

// maybe answers a pointer to one of the values, or nil once in n times.
func maybe[T any](w *world, n int, from ...T) *T {
	if w.chance(n) {
		return nil
	}
	v := pick(w, from...)
	return &v
}

// next makes the step after what was answered last.
func (w *world) next(i int, last answer) (step, bool) {
	if i > 0 && last.err.Code() == codes.OK {
		w.learn(w.steps[i-1], last)
	}
	if i < w.length {
		w.steps = append(w.steps, w.request(i))
	} else if audit := w.audit(); i-w.length < len(audit) {
		w.steps = append(w.steps, audit[i-w.length])
	} else {
		return step{}, false
	}
	return w.steps[i], true
}

func (w *world) learn(s step, a answer) {
	switch r := a.reply.(type) {
	case *mlmdpb.PutArtifactTypeResponse:
		w.learnType(artifact, r.GetTypeId(), s.request.(*mlmdpb.PutArtifactTypeRequest).GetArtifactType().GetProperties())
	case *mlmdpb.PutExecutionTypeResponse:
		w.learnType(execution, r.GetTypeId(), s.request.(*mlmdpb.PutExecutionTypeRequest).GetExecutionType().GetProperties())
	case *mlmdpb.PutContextTypeResponse:
		w.learnType(context_, r.GetTypeId(), s.request.(*mlmdpb.PutContextTypeRequest).GetContextType().GetProperties())
	case *mlmdpb.PutTypesResponse:
		q := s.request.(*mlmdpb.PutTypesRequest)
		for i, id := range r.ArtifactTypeIds {
			w.learnType(artifact, id, q.ArtifactTypes[i].GetProperties())
		}
		for i, id := range r.ExecutionTypeIds {
			w.learnType(execution, id, q.ExecutionTypes[i].GetProperties())
		}
		for i, id := range r.ContextTypeIds {
			w.learnType(context_, id, q.ContextTypes[i].GetProperties())
		}
	case *mlmdpb.PutArtifactsResponse:
		w.learnNodes(artifact, r.ArtifactIds)
	case *mlmdpb.PutExecutionsResponse:
		w.learnNodes(execution, r.ExecutionIds)
	case *mlmdpb.PutContextsResponse:
		w.learnNodes(context_, r.ContextIds)
	case *mlmdpb.PutExecutionResponse:
		w.learnNodes(artifact, r.ArtifactIds)
		w.learnNodes(execution, []int64{r.GetExecutionId()})
		w.learnNodes(context_, r.ContextIds)
	case *mlmdpb.PutLineageSubgraphResponse:
		w.learnNodes(artifact, r.ArtifactIds)
		w.learnNodes(execution, r.ExecutionIds)
		w.learnNodes(context_, r.ContextIds)
	}
}

func (w *world) learnType(kind int, id int64, properties map[string]mlmdpb.PropertyType) {
	for i, t := range w.types[kind] {
		if t.id == id {
			for name, p := range properties {
				w.types[kind][i].properties[name] = p
			}
			return
		}
	}
	own := map[string]mlmdpb.PropertyType{}
	for name, p := range properties {
		own[name] = p
	}
	w.types[kind] = append(w.types[kind], knownType{id, own})
}

func (w *world) learnNodes(kind int, ids []int64) {
	for _, id := range ids {
		if id > 0 {
			w.nodes[kind] = append(w.nodes[kind], id)
		}
	}
}

// oddIDs are IDs that no node has.
var oddIDs = []int64{0, -1, 1, 2, 3, 99, math.MaxInt32, math.MaxInt32 + 1, math.MaxInt64, math.MinInt64}

// nodeID is mostly the id of a node that is there.
func (w *world) nodeID(kind int) int64 {
	if known := w.nodes[kind]; len(known) > 0 && !w.chance(12) {
		return pick(w, known...)
	}
	return pick(w, oddIDs...)
}

func (w *world) nodeIDs(kind int) []int64 {
	out := make([]int64, w.IntN(4))
	for i := range out {
		out[i] = w.nodeID(kind)
	}
	return out
}

// typeID is mostly the id of a type of the kind.
func (w *world) typeID(kind int) *int64 {
	switch known := w.types[kind]; {
	case w.chance(40):
		return nil
	case w.chance(30):
		return ptr(pick(w, oddIDs...))
	case w.chance(30):
		return ptr(1 + w.Int64N(14)) // of another kind, perhaps
	case len(known) == 0:
		return ptr(1 + w.Int64N(12))
	default:
		return ptr(pick(w, known...).id)
	}
}

func ptr[T any](v T) *T { return &v }

// strange are edge cases of encodings, of SQL and of the reference
// implementation.
var strange = []string{
	"'", `"`, "`", "%", "$1", "?", "é", "e\u0301", "日本", "😀", " ", "n ", " n", "N1", "\xff\xfe", "\xc3(", "a\nb\r\t\x01",
	"NULL", "null", "0", "UNIQUE", "duplicate", strings.Repeat("long ", 100), strings.Repeat("é", 300),
}

// marked are texts that the reference implementation cannot store.
var marked = []string{"a\x00b", "\x00", "__MLMD_NULL__", "mlmd-struct::", "mlmd-struct::AAAA", "mlmd-struct::!"}

// text is one of a few, so that texts meet again, and sometimes a strange one.
func (w *world) text(from ...string) string {
	switch {
	case w.chance(25):
		return pick(w, strange...)
	case w.chance(3000):
		return pick(w, marked...)
	}
	return pick(w, from...)
}

func (w *world) maybeText(n int, from ...string) *string {
	if w.chance(n) {
		return nil
	}
	return ptr(w.text(from...))
}
