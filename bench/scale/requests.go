package main

import (
	"context"
	"encoding/base64"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A request is a request to measure. Each call uses another node.
type request struct {
	name string
	send func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, n int64) (found int, err error)
	// any allows a reply without nodes.
	any bool
}

// pageSize and deepPage determine the 10,000th page. Smaller stores are listed near
// their end. The smallest store has rarePage nodes of the rare type.
const (
	pageSize = 20
	deepPage = 10_000
	rarePage = 10
)

type field = mlmdpb.ListOperationOptions_OrderByField_Field

var orders = []struct {
	name      string
	field     field
	ascending bool
}{
	{"id", mlmdpb.ListOperationOptions_OrderByField_ID, true},
	{"id desc", mlmdpb.ListOperationOptions_OrderByField_ID, false},
	{"create time", mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME, true},
	{"create time desc", mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME, false},
	{"update time", mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME, true},
	{"update time desc", mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME, false},
}

// requests returns all requests to measure on a filled store.
func (f *filled) requests(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient) ([]request, error) {
	all := []request{
		{name: "artifact by id", send: func(
			ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, n int64,
		) (int, error) {
			r, err := rpc.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{n}})
			return len(r.GetArtifacts()), err
		}},
		{name: "context by id", send: func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, n int64) (int, error) {
			r, err := rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{n}})
			return len(r.GetContexts()), err
		}},
		{name: "artifact by name", send: func(
			ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, n int64,
		) (int, error) {
			r, err := rpc.GetArtifactByTypeAndName(ctx, &mlmdpb.GetArtifactByTypeAndNameRequest{
				TypeName: new(typeName(typeOf(int(n) - 1))), ArtifactName: new(nodeName(int(n))),
			})
			return count(r.GetArtifact() != nil), err
		}},
		{name: "context by name", send: func(
			ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, n int64,
		) (int, error) {
			r, err := rpc.GetContextByTypeAndName(ctx, &mlmdpb.GetContextByTypeAndNameRequest{
				TypeName: new(typeName(typeOf(int(n) - 1))), ContextName: new(nodeName(int(n))),
			})
			return count(r.GetContext() != nil), err
		}},
		{name: "contexts of an artifact", send: func(
			ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, n int64,
		) (int, error) {
			r, err := rpc.GetContextsByArtifact(ctx, &mlmdpb.GetContextsByArtifactRequest{ArtifactId: &n})
			return len(r.GetContexts()), err
		}},
	}
	for _, o := range orders {
		options := &mlmdpb.ListOperationOptions{
			MaxResultSize: new(int32(pageSize)),
			OrderByField:  &mlmdpb.ListOperationOptions_OrderByField{Field: &o.field, IsAsc: &o.ascending},
		}
		deep, err := f.deep(ctx, rpc, options)
		if err != nil {
			return nil, err
		}
		all = append(all,
			request{name: "first page by " + o.name, send: page(options)},
			request{name: "deep page by " + o.name, send: page(deep)},
			request{name: "first page of a rare type by " + o.name, send: pageOfType(3, rarePage, options)},
			request{name: "first page of a frequent type by " + o.name, send: pageOfType(1, pageSize, options)})
	}
	return append(all, filters...), nil
}

func count(found bool) int {
	if found {
		return 1
	}
	return 0
}

func page(o *mlmdpb.ListOperationOptions) func(context.Context, mlmdpb.MetadataStoreServiceClient, int64) (int, error) {
	return func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, _ int64) (int, error) {
		r, err := rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{Options: o})
		return len(r.GetArtifacts()), err
	}
}

func pageOfType(
	n, size int, o *mlmdpb.ListOperationOptions,
) func(context.Context, mlmdpb.MetadataStoreServiceClient, int64) (int, error) {
	o = proto.CloneOf(o)
	o.MaxResultSize = new(int32(size))
	return func(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, _ int64) (int, error) {
		r, err := rpc.GetContextsByType(ctx, &mlmdpb.GetContextsByTypeRequest{TypeName: new(typeName(n)), Options: o})
		return len(r.GetContexts()), err
	}
}

// deep returns options with the page token of the 10,000th page.
func (f *filled) deep(
	ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, o *mlmdpb.ListOperationOptions,
) (*mlmdpb.ListOperationOptions, error) {
	last := int64(min(pageSize*(deepPage-1), f.size-2*pageSize))
	if !o.OrderByField.GetIsAsc() {
		last = int64(f.size) + 1 - last
	}
	r, err := rpc.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{last}})
	if err != nil || len(r.Artifacts) != 1 {
		return nil, fmt.Errorf("read artifact %d: %v", last, err)
	}
	token := &mlmdpb.ListOperationNextPageToken{
		SetOptions: o, IdOffset: &last, FieldOffset: &last, ListedIds: []int64{last},
	}
	switch o.OrderByField.GetField() {
	case mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME:
		token.FieldOffset = r.Artifacts[0].CreateTimeSinceEpoch
	case mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME:
		token.FieldOffset = r.Artifacts[0].LastUpdateTimeSinceEpoch
	}
	encoded, err := proto.Marshal(token)
	deep := proto.CloneOf(o)
	deep.NextPageToken = new(base64.RawURLEncoding.EncodeToString(encoded))
	return deep, err
}

// filters are filters of different selectivity, in which %d is the number of a node.
var filters = []request{
	filter("selective: name", "name = 'node-%d'"),
	filter("selective: property, int", "properties.rank.int_value = %d"),
	filter("selective: property, text, and type", "properties.owner.string_value = 'owner-%[2]d' AND type != 'bench.T9'"),
	filter("selective: name of a context", "contexts_a.name = 'node-%[3]d'"),
	filter("wide: state", "state = LIVE"),
	filter("wide: property, double", "properties.score.double_value > 0.5"),
	filter("wide: custom property and pattern", "custom_properties.stage.string_value = 'live' AND uri LIKE 's3://%%'"),
	filter("wide: type and context", "type = 'bench.T1' AND contexts_a.id > 0"),
}

func filter(name, pattern string) request {
	return request{name: name, send: func(
		ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, n int64,
	) (int, error) {
		text := fmt.Sprintf(pattern+"%[4]s", n, (n-1)/10, contextOf(int(n-1)), "")
		r, err := rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{
			Options: &mlmdpb.ListOperationOptions{FilterQuery: &text},
		})
		return len(r.GetArtifacts()), err
	}}
}
