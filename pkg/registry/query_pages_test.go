package registry

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
)

func TestTokenCycle_ClosedBy(t *testing.T) {
	for tail := range 20 {
		for length := 1; length <= 20; length++ {
			var c tokenCycle
			at, steps := "", 0
			for {
				n := steps + 1
				if n >= tail+length {
					n = tail + (n-tail)%length
				}
				next := fmt.Sprint("t", n)
				steps++
				if c.closedBy(next, at) {
					break
				}
				if steps > 4*(tail+length)+4 {
					t.Fatalf("a cycle of %d tokens after %d others is not detected", length, tail)
				}
				at = next
			}
			if steps < length {
				t.Fatalf("a cycle of %d tokens after %d others is detected after %d steps", length, tail, steps)
			}
		}
	}
	var c tokenCycle
	for n := range 100_000 {
		if c.closedBy(fmt.Sprint("t", n+1), fmt.Sprint("t", n)) {
			t.Fatalf("token %d is reported as a cycle", n)
		}
	}
}

// A loopingServer alternates between two page tokens.
type loopingServer struct{ calls int }

func (l *loopingServer) Invoke(_ context.Context, _ string, _, out any, _ ...grpc.CallOption) error {
	l.calls++
	r := out.(*mlmdpb.GetContextsByTypeResponse)
	r.Contexts = []*mlmdpb.Context{{Id: new(int64(l.calls)), Name: new("1:v"), Type: new("kf.ModelVersion")}}
	r.NextPageToken = new([]string{"a", "b"}[l.calls%2])
	return nil
}

func (*loopingServer) NewStream(
	context.Context, *grpc.StreamDesc, string, ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return nil, errors.New("no streams")
}

func TestQuery_RepeatedPageToken(t *testing.T) {
	server := &loopingServer{}
	versions := New(mlmdpb.NewMetadataStoreServiceClient(server)).ModelVersions()
	n := 0
	var last error
	for v, err := range versions.Query().All(t.Context()) {
		if last = err; err == nil && v != nil {
			n++
		}
	}
	if !errors.Is(last, ErrInternal) || n > 3 {
		t.Errorf("got %d entities and then %v", n, last)
	}
}

// texts returns filters without tests.
func texts(texts ...string) []filtertext.Branch {
	var out []filtertext.Branch
	for _, text := range texts {
		out = append(out, filtertext.Branch{Text: text})
	}
	return out
}

func TestUnion_PageToken(t *testing.T) {
	p := preparedQuery{order: OrderByID}
	m, err := newUnion(p, texts("a", "b"), "")
	if err != nil {
		t.Fatal(err)
	}
	token := m.encodeToken(position{Int: 3, ID: 4})
	again, err := newUnion(p, texts("a", "b"), token)
	if err != nil || *again.after != (position{Int: 3, ID: 4}) {
		t.Errorf("newUnion = %v, %v", again, err)
	}
	for name, bad := range map[string]string{
		"of a server": "CAIQAhoCCAI", "cut": token[:len(token)-4], "changed": token[:len(token)-1] + "!",
		"empty": unionTokenPrefix,
	} {
		if _, err := newUnion(p, texts("a", "b"), bad); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("token %s: got %v", name, err)
		}
	}
	if _, err := newUnion(p, texts("a", "c"), token); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("token of another query: got %v", err)
	}
}

func FuzzUnion_PageToken(f *testing.F) {
	p := preparedQuery{order: OrderByID}
	m, err := newUnion(p, texts("a", "b"), "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.encodeToken(position{Int: 3, ID: 4}))
	f.Add("merged.e30")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := newUnion(p, texts("a", "b"), token); err != nil &&
			!errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%q: %v", token, err)
		}
	})
}
