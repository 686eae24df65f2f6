package rest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/value"
)

// An exchange is a request and what is expected of its answer. "{m}" and its
// siblings stand for the IDs of [face.fixtures] in its texts.
type exchange struct {
	method, path, body string
	status             int
	answer             string // a part of the answer
	lacks              string // the answer does not have this, unless it is empty
	as                 string // stores an entity, whose ID "{as}" then stands for
	names              string // of the entities in the list, separated by blanks
	row                string // of the entity in the store, see [face.row]
}

func get(path string, status int, answer string) exchange {
	return exchange{method: "GET", path: path, status: status, answer: answer}
}

func post(path, body string, status int, answer string) exchange {
	return exchange{method: "POST", path: path, body: body, status: status, answer: answer}
}

func patch(path, body string, status int, answer string) exchange {
	return exchange{method: "PATCH", path: path, body: body, status: status, answer: answer}
}

// listed is GET of a list that has entities of the given names, in order.
func listed(path, names string) exchange {
	return exchange{method: "GET", path: path, status: 200, names: "[" + names + "]"}
}

func (e exchange) without(text string) exchange { e.lacks = text; return e }
func (e exchange) called(name string) exchange  { e.as = name; return e }
func (e exchange) stored(row string) exchange   { e.row = row; return e }

// play sends the requests one after the other and checks the answers.
func (f *face) play(ctx SpecContext, ids replacer, requests []exchange) {
	GinkgoHelper()
	for _, e := range requests {
		a := f.send(ctx, e.method, ids.Replace(e.path), ids.Replace(e.body))
		what := e.method + " " + e.path + " " + e.body + ": " + a.text
		Expect(a.status).To(Equal(e.status), "%s", what)
		Expect(a.text).To(ContainSubstring(ids.Replace(e.answer)), "%s", what)
		if e.lacks != "" {
			Expect(a.text).NotTo(ContainSubstring(ids.Replace(e.lacks)), "%s", what)
		}
		if e.names != "" {
			Expect(fmt.Sprint(a.names())).To(Equal(e.names), "%s", what)
		}
		if e.row != "" {
			Expect(f.row(ctx, a)).To(Equal(ids.Replace(e.row)), "%s", what)
		}
		switch e.as {
		case "":
		case "token":
			ids = both(ids, "{token}", a.at("nextPageToken").(string))
		default:
			ids = both(ids, "{"+e.as+"}", a.id())
		}
	}
}

// A replacer replaces the names of IDs in texts.
type replacer interface{ Replace(s string) string }

type replacers []replacer

func (rs replacers) Replace(s string) string {
	for _, r := range rs {
		s = r.Replace(s)
	}
	return s
}

// both returns a replacer of what r replaces, and of one name more.
func both(r replacer, name, value string) replacer {
	return replacers{r, strings.NewReplacer(name, value)}
}

// A node is what the messages of stored nodes have in common.
type node interface {
	GetType() string
	GetName() string
	GetExternalId() string
	GetProperties() map[string]*mlmdpb.Value
	GetCustomProperties() map[string]*mlmdpb.Value
}

// row returns what the store has of the entity that an answer is about, read with
// an MLMD client: its type, its name, and what else is set, as in
//
//	kf.ModelVersion "1:v1" external "x" author="ada" custom n=7 below 1
//
// Each UUID is written as "uuid".
func (f *face) row(ctx SpecContext, a answer) string {
	GinkgoHelper()
	id, err := value.ParseID(a.id())
	Expect(err).NotTo(HaveOccurred())
	var n node
	var columns string
	var parents []*mlmdpb.Context
	switch {
	case a.at("artifactType") != nil:
		r, err := f.rpc.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{id}})
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Artifacts).To(HaveLen(1), a.text)
		if n = r.Artifacts[0]; r.Artifacts[0].GetUri() != "" {
			columns = fmt.Sprintf(" uri %q", r.Artifacts[0].GetUri())
		}
		if r.Artifacts[0].State != nil {
			columns += " state " + r.Artifacts[0].GetState().String()
		}
		up, err := f.rpc.GetContextsByArtifact(ctx, &mlmdpb.GetContextsByArtifactRequest{ArtifactId: &id})
		if status.Code(err) != codes.NotFound { // the artifact is in no context
			Expect(err).NotTo(HaveOccurred())
		}
		parents = up.GetContexts()
	case a.at("lastKnownState") != nil:
		r, err := f.rpc.GetExecutionsByID(ctx, &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: []int64{id}})
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Executions).To(HaveLen(1), a.text)
		n, columns = r.Executions[0], " state "+r.Executions[0].GetLastKnownState().String()
		up, err := f.rpc.GetContextsByExecution(ctx, &mlmdpb.GetContextsByExecutionRequest{ExecutionId: &id})
		Expect(err).NotTo(HaveOccurred())
		parents = up.Contexts
	default:
		r, err := f.rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{id}})
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Contexts).To(HaveLen(1), a.text)
		n = r.Contexts[0]
		up, err := f.rpc.GetParentContextsByContext(ctx, &mlmdpb.GetParentContextsByContextRequest{ContextId: &id})
		Expect(err).NotTo(HaveOccurred())
		parents = up.Contexts
	}
	out := fmt.Sprintf("%s %q", n.GetType(), n.GetName())
	if n.GetExternalId() != "" {
		out += fmt.Sprintf(" external %q", n.GetExternalId())
	}
	out += columns + inWords(n.GetProperties())
	if len(n.GetCustomProperties()) > 0 {
		out += " custom" + inWords(n.GetCustomProperties())
	}
	if len(parents) > 0 {
		out += " below"
	}
	for _, p := range parents {
		out += fmt.Sprintf(" %d", p.GetId())
	}
	return anyUUID.ReplaceAllString(out, "uuid")
}

var anyUUID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// inWords returns properties as name=value, sorted. Texts are quoted, doubles have
// a point, and structs are JSON.
func inWords(properties map[string]*mlmdpb.Value) (out string) {
	GinkgoHelper()
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		var text string
		switch v := properties[name].GetValue().(type) {
		case *mlmdpb.Value_StringValue:
			text = strconv.Quote(v.StringValue)
		case *mlmdpb.Value_IntValue:
			text = strconv.FormatInt(v.IntValue, 10)
		case *mlmdpb.Value_DoubleValue:
			if text = strconv.FormatFloat(v.DoubleValue, 'f', -1, 64); !strings.Contains(text, ".") {
				text += ".0"
			}
		case *mlmdpb.Value_BoolValue:
			text = strconv.FormatBool(v.BoolValue)
		case *mlmdpb.Value_StructValue:
			raw, err := json.Marshal(v.StructValue.AsMap())
			Expect(err).NotTo(HaveOccurred())
			text = string(raw)
		default:
			text = "?"
		}
		out += " " + name + "=" + text
	}
	return out
}
