package sqlite_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// FuzzRequests sends any bytes as a request of any method. The reply must have a code
// for invalid requests or missing nodes, without panics or internal errors, and
// lists must still work.
func FuzzRequests(f *testing.F) {
	methods := requestTypes(f)
	for i, m := range methods {
		f.Add(uint8(i), []byte{})
		for _, seed := range seeds(m.New().Descriptor()) {
			f.Add(uint8(i), seed)
		}
	}
	worn := &wornStore{}
	f.Cleanup(worn.close)
	f.Fuzz(func(t *testing.T, method uint8, raw []byte) {
		m := methods[int(method)%len(methods)]
		req := m.New().Interface()
		if err := proto.Unmarshal(raw, req); err != nil {
			t.Skip("no message")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s, log := worn.next(t)
		log.Reset()
		err := call(ctx, s, m.method, req)
		switch status.Code(err) {
		case codes.Internal, codes.Unknown, codes.Aborted, codes.Unavailable, codes.DataLoss, codes.DeadlineExceeded:
			t.Errorf("%s: %v\nlog: %s\n%v", m.method, err, log, req)
		}
		if strings.Contains(log.String(), "panic") {
			t.Errorf("%s: the engine panicked: %s\n%v", m.method, log, req)
		}
		if _, err := s.Client().GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{}); err != nil {
			t.Errorf("after %s lists fail: %v\n%v", m.method, err, req)
		}
		if _, err := s.Client().GetExecutionTypes(ctx, &mlmdpb.GetExecutionTypesRequest{}); err != nil {
			t.Errorf("after %s types fail: %v\n%v", m.method, err, req)
		}
	})
}

// A requestType is the request message of a method.
type requestType struct {
	protoreflect.MessageType
	method string
}

func requestTypes(tb testing.TB) []requestType {
	var types []requestType
	for _, m := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		t, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(
			"ml_metadata." + m.MethodName + "Request",
		))
		if err != nil {
			tb.Fatal(err)
		}
		types = append(types, requestType{t, m.MethodName})
	}
	return types
}

// call calls a method by name, as a server does.
func call(ctx context.Context, s *store.Store, method string, req proto.Message) error {
	for _, m := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		if m.MethodName == method {
			_, err := m.Handler(s.Server(), ctx, func(dst any) error {
				proto.Merge(dst.(proto.Message), req)
				return nil
			}, grpc.UnaryServerInterceptor(nil))
			return err
		}
	}
	return status.Error(codes.Unimplemented, method)
}

// A wornStore is a store in memory that is replaced after some inputs, because
// opening a store takes longer than most requests.
type wornStore struct {
	s    *store.Store
	log  strings.Builder
	uses int
}

func (w *wornStore) next(t *testing.T) (*store.Store, *strings.Builder) {
	if w.uses++; w.s == nil || w.uses > 100 {
		w.close()
		w.uses = 1
		w.s = must(sqlite.OpenMemory(t.Context(), store.WithLogger(slog.New(slog.NewTextHandler(&w.log, nil)))))
		fill(t, w.s.Client())
	}
	return w.s, &w.log
}

func (w *wornStore) close() {
	if w.s != nil {
		w.s.Close()
	}
}

// fill creates types with the IDs 10, 11 and 12, and a node of each with ID 1.
func fill(t *testing.T, c mlmdpb.MetadataStoreServiceClient) {
	props := map[string]mlmdpb.PropertyType{"p": mlmdpb.PropertyType_INT, "s": mlmdpb.PropertyType_STRING}
	_, err := c.PutTypes(t.Context(), &mlmdpb.PutTypesRequest{
		ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: proto.String("t"), Properties: props}},
		ExecutionTypes: []*mlmdpb.ExecutionType{{Name: proto.String("t"), Properties: props}},
		ContextTypes:   []*mlmdpb.ContextType{{Name: proto.String("t"), Properties: props}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.PutExecution(t.Context(), &mlmdpb.PutExecutionRequest{
		Execution: &mlmdpb.Execution{TypeId: proto.Int64(11)},
		ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{{
			Artifact: &mlmdpb.Artifact{TypeId: proto.Int64(10)}, Event: &mlmdpb.Event{Type: mlmdpb.Event_OUTPUT.Enum()},
		}},
		Contexts: []*mlmdpb.Context{{TypeId: proto.Int64(12), Name: proto.String("c")}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// seeds returns requests with all fields set, to small numbers and existing IDs, or to
// numbers and text at the limits.
func seeds(d protoreflect.MessageDescriptor) [][]byte {
	var list [][]byte
	for _, extreme := range []bool{false, true} {
		m := newMessage(d)
		populate(m, extreme, 0)
		if raw, err := proto.Marshal(m.Interface()); err == nil {
			list = append(list, raw)
		}
	}
	return list
}

func newMessage(d protoreflect.MessageDescriptor) protoreflect.Message {
	t, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		panic(err)
	}
	return t.New()
}

func populate(m protoreflect.Message, extreme bool, depth int) {
	if depth > 4 {
		return
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		switch {
		case f.IsMap():
			entries := m.Mutable(f).Map()
			key := scalar(f.MapKey(), extreme).MapKey()
			v := entries.NewValue()
			if f.MapValue().Message() != nil {
				populate(v.Message(), extreme, depth+1)
			} else {
				v = scalar(f.MapValue(), extreme)
			}
			entries.Set(key, v)
		case f.IsList():
			elements := m.Mutable(f).List()
			for range 2 {
				v := elements.NewElement()
				if f.Message() != nil {
					populate(v.Message(), extreme, depth+1)
				} else {
					v = scalar(f, extreme)
				}
				elements.Append(v)
			}
		case f.Message() != nil:
			populate(m.Mutable(f).Message(), extreme, depth+1)
		default:
			m.Set(f, scalar(f, extreme))
		}
	}
}

func scalar(f protoreflect.FieldDescriptor, extreme bool) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.Int64Kind:
		if extreme {
			return protoreflect.ValueOfInt64(1<<63 - 1)
		}
		return protoreflect.ValueOfInt64(1)
	case protoreflect.Int32Kind:
		if extreme {
			return protoreflect.ValueOfInt32(-1)
		}
		return protoreflect.ValueOfInt32(1)
	case protoreflect.EnumKind:
		if extreme {
			return protoreflect.ValueOfEnum(99)
		}
		return protoreflect.ValueOfEnum(1)
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.DoubleKind:
		if extreme {
			return protoreflect.ValueOfFloat64(1e308)
		}
		return protoreflect.ValueOfFloat64(1.5)
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte{1})
	}
	if extreme {
		return protoreflect.ValueOfString("mlmd-struct::%`'\x00é")
	}
	return protoreflect.ValueOfString("t")
}
