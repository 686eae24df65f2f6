package sqlite_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// A request with many nodes, which is written in batches, must have the same results
// as a request for each node.
func TestPut_BatchEqualsSingle(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			together := clientOf(t, must(sqlite.OpenMemory(t.Context())))
			single := clientOf(t, must(sqlite.OpenMemory(t.Context())))
			typeID := modelType(t, together)
			modelType(t, single)
			stored := 0
			for round := range 6 {
				list, mask := randomArtifacts(rnd, typeID, stored)
				reply, err := together.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: list, UpdateMask: mask})
				var ids []int64
				want := codes.OK
				for _, a := range list {
					one, err := single.PutArtifacts(
						t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{a}, UpdateMask: mask},
					)
					if want = status.Code(err); want != codes.OK {
						break
					}
					ids = append(ids, one.ArtifactIds...)
				}
				if got := status.Code(err); got != want {
					t.Fatalf("round %d: together %v, one by one %v: %v\n%v", round, got, want, err, list)
				}
				if want != codes.OK {
					return // the store of single requests now has more nodes
				}
				if !slices.Equal(reply.ArtifactIds, ids) {
					t.Fatalf("round %d: ids %v, one by one %v", round, reply.ArtifactIds, ids)
				}
				stored = count(t, single)
				if a, b := everything(t, together), everything(t, single); !maps.EqualFunc(
					a, b, func(x, y *mlmdpb.Artifact) bool { return proto.Equal(x, y) },
				) {
					t.Fatalf("round %d: %v\none by one %v", round, a, b)
				}
			}
		})
	}
}

// everything returns the content of a store without times.
func everything(t *testing.T, c mlmdpb.MetadataStoreServiceClient) map[int64]*mlmdpb.Artifact {
	r, err := c.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[int64]*mlmdpb.Artifact{}
	for _, a := range r.Artifacts {
		a.CreateTimeSinceEpoch, a.LastUpdateTimeSinceEpoch = nil, nil
		all[a.GetId()] = a
	}
	return all
}

// randomArtifacts returns a request in which some nodes conflict.
func randomArtifacts(rnd *rand.Rand, typeID *int64, stored int) ([]*mlmdpb.Artifact, *fieldmaskpb.FieldMask) {
	list := make([]*mlmdpb.Artifact, 1+rnd.IntN(12))
	for i := range list {
		a := &mlmdpb.Artifact{
			TypeId: typeID, Properties: map[string]*mlmdpb.Value{}, CustomProperties: map[string]*mlmdpb.Value{},
		}
		if rnd.IntN(2) == 0 && stored > 0 {
			a.Id = proto.Int64(1 + rnd.Int64N(int64(stored)))
			if rnd.IntN(20) == 0 {
				*a.Id += 3 // possibly one that this request creates
			}
		}
		if rnd.IntN(3) > 0 {
			a.Name = proto.String(fmt.Sprint("n", rnd.IntN(120)))
		}
		if rnd.IntN(5) == 0 {
			a.ExternalId = proto.String(fmt.Sprint("x", rnd.IntN(60)))
		}
		if rnd.IntN(2) == 0 {
			a.Uri = proto.String(fmt.Sprint("u", rnd.IntN(4)))
		}
		if rnd.IntN(2) == 0 {
			a.State = mlmdpb.Artifact_State(rnd.IntN(7)).Enum()
		}
		for _, name := range []string{"author", "runs", "stage"} {
			if rnd.IntN(2) == 0 {
				a.CustomProperties[name] = &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: fmt.Sprint(rnd.IntN(3))}}
			}
		}
		if rnd.IntN(2) == 0 {
			a.Properties["runs"] = &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: rnd.Int64N(3)}}
		}
		if rnd.IntN(40) == 0 {
			a.Properties["author"] = &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: 1}} // of the wrong kind
		}
		list[i] = a
	}
	masks := []*fieldmaskpb.FieldMask{
		nil, nil, {Paths: []string{"uri", "properties.runs"}}, {Paths: []string{"custom_properties", "external_id"}},
	}
	return list, masks[rnd.IntN(len(masks))]
}
