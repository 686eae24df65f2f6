package differential

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A clock tells at which step a service set a time: the two services share the
// machine's clock, and each answers while its step runs. Without pauses between
// the steps times cannot be told apart, and all count as one.
type clock struct {
	paused bool
	starts []int64
}

func (c *clock) step() {
	if c.paused {
		time.Sleep(3 * time.Millisecond)
	}
	c.starts = append(c.starts, time.Now().UnixMilli())
}

// serverTimes is when the first test of this kind can have run: what is later
// was set by a server and not by a request.
const serverTimes = 1_600_000_000_000

func (c *clock) stepOf(millis int64) int64 {
	if millis < serverTimes {
		return millis
	}
	if !c.paused {
		return serverTimes
	}
	i, found := slices.BinarySearch(c.starts, millis)
	if !found {
		i--
	}
	return serverTimes + int64(i)
}

// unordered are the lists of replies whose order is not documented.
var unordered = map[string]bool{
	"GetArtifactsByURI":              true,
	"GetEventsByArtifactIDs":         true,
	"GetEventsByExecutionIDs":        true,
	"GetArtifactTypesByExternalIds":  true,
	"GetExecutionTypesByExternalIds": true,
	"GetContextTypesByExternalIds":   true,
}

// comparable returns the reply in the form in which it is compared: times as
// steps, doubles as the reference implementation reads them, lists without an
// order sorted.
func comparable(method string, reply proto.Message, c *clock) proto.Message {
	out := proto.Clone(reply)
	walk(out.ProtoReflect(), func(m protoreflect.Message) {
		switch v := m.Interface().(type) {
		case *mlmdpb.Artifact:
			retime(c, v.CreateTimeSinceEpoch, v.LastUpdateTimeSinceEpoch)
		case *mlmdpb.Execution:
			retime(c, v.CreateTimeSinceEpoch, v.LastUpdateTimeSinceEpoch)
		case *mlmdpb.Context:
			retime(c, v.CreateTimeSinceEpoch, v.LastUpdateTimeSinceEpoch)
		case *mlmdpb.Event:
			retime(c, v.MillisecondsSinceEpoch)
		case *mlmdpb.Value:
			if d, ok := v.Value.(*mlmdpb.Value_DoubleValue); ok {
				d.DoubleValue = asOriginalReads(d.DoubleValue)
			}
		}
	})
	if unordered[method] {
		sortLists(out.ProtoReflect())
	}
	return out
}

func retime(c *clock, times ...*int64) {
	for _, t := range times {
		if t != nil {
			*t = c.stepOf(*t)
		}
	}
}

// asOriginalReads returns the double that the reference implementation reads on
// SQLite after v was stored.
func asOriginalReads(v float64) float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	stored, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', 6, 64), 64)
	read, _ := strconv.ParseFloat(strconv.FormatFloat(stored, 'g', 15, 64), 64)
	if read == 0 {
		return 0 // not negative
	}
	return read
}

// sortLists puts the lists of a reply into the order of their serialized
// elements.
func sortLists(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !f.IsList() || f.Message() == nil {
			return true
		}
		list := v.List()
		type element struct {
			value protoreflect.Value
			key   string
		}
		elements := make([]element, list.Len())
		for i := range elements {
			b, err := proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(list.Get(i).Message().Interface())
			if err != nil {
				panic(err)
			}
			elements[i] = element{list.Get(i), string(b)}
		}
		slices.SortStableFunc(elements, func(a, b element) int { return strings.Compare(a.key, b.key) })
		for i, e := range elements {
			list.Set(i, e.value)
		}
		return true
	})
}

// walk visits a message and all messages in it.
func walk(m protoreflect.Message, visit func(protoreflect.Message)) {
	visit(m)
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap() && f.MapValue().Message() != nil:
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				walk(v.Message(), visit)
				return true
			})
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				walk(v.List().Get(i).Message(), visit)
			}
		case !f.IsMap() && !f.IsList() && f.Message() != nil:
			walk(v.Message(), visit)
		}
		return true
	})
}

// same reports whether two services returned the same code and the same reply.
func same(method string, ours, original answer, oursClock, originalClock *clock) bool {
	if ours.err.Code() != original.err.Code() {
		return false
	}
	return ours.err.Code() != codes.OK ||
		proto.Equal(comparable(method, ours.reply, oursClock), comparable(method, original.reply, originalClock))
}
