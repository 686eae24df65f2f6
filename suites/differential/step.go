package differential

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A step is one request. Nothing else makes a sequence, so that it can be
// played again, and cut.
type step struct {
	method  string
	request proto.Message
}

// An answer is what a service said.
type answer struct {
	reply proto.Message
	err   *status.Status
}

const service = "/ml_metadata.MetadataStoreService/"

// send plays a step on a service.
func send(ctx context.Context, conn grpc.ClientConnInterface, s step) answer {
	reply := newReply(s.method)
	err := conn.Invoke(ctx, service+s.method, s.request, reply)
	return answer{reply, status.Convert(err)}
}

func newReply(method string) proto.Message {
	t, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName("ml_metadata." + method + "Response"))
	if err != nil {
		panic(fmt.Sprintf("the service has no method %s: %v", method, err))
	}
	return t.New().Interface()
}

// methods are the names of all methods of the service.
func methods() []string {
	var out []string
	for _, m := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		out = append(out, m.MethodName)
	}
	return out
}

// String prints a step on one line.
func (s step) String() string {
	text := prototext.MarshalOptions{}.Format(s.request)
	return s.method + " {" + shorten(strings.Join(strings.Fields(text), " ")) + "}"
}

func (a answer) String() string {
	if a.err.Err() != nil {
		return fmt.Sprintf("%v %q", a.err.Code(), shorten(a.err.Message()))
	}
	return "OK " + shorten(prototext.MarshalOptions{Multiline: true}.Format(a.reply))
}

func shorten(text string) string {
	const most = 3000
	if len(text) > most {
		return text[:most] + fmt.Sprintf("… (%d bytes)", len(text))
	}
	return text
}
