package storetest

import (
	"slices"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A filterExample is a filter and the numbers of the gallery nodes that it selects,
// ascending.
type filterExample struct {
	number int
	of     listed
	filter string
	want   []int
}

// filterExamples are filters, by topic, that the reference implementation evaluates
// in the same way.
var filterExamples = []struct {
	about    string
	examples []filterExample
}{
	{"its own attributes", []filterExample{
		{1, anArtifact, `id = @a3`, []int{3}},
		{2, anArtifact, `id != @a3`, []int{1, 2, 4, 5}},
		{3, anArtifact, `NOT (id = @a3)`, []int{1, 2, 4, 5}},
		{4, anArtifact, `id IN (@a1, @a4, @none)`, []int{1, 4}},
		{5, anArtifact, `id BETWEEN @a2 AND @a4`, []int{2, 3, 4}},
		{6, anArtifact, `id NOT BETWEEN @a2 AND @a4`, []int{1, 5}},
		{7, anArtifact, `id > @a1.5 AND id < @a4.0`, []int{2, 3}},
		{8, anArtifact, `id + 1 = @next2`, []int{2}},
		{9, anArtifact, `id / 2 = @half3`, []int{3}},
		{10, anArtifact, `type = '@Corpus'`, []int{1, 2}},
		{11, anArtifact, `type != '@Corpus'`, []int{3, 4, 5}},
		{12, anArtifact, `type_id = @tNet`, []int{3, 4, 5}},
		{13, anArtifact, `name = 'corpus-alpha'`, []int{1}},
		{14, anArtifact, `name = "corpus-alpha"`, []int{1}},
		{15, anArtifact, `name != 'corpus-alpha'`, []int{2, 4, 5}},
		{16, anArtifact, `name IS NULL`, []int{3}},
		{17, anArtifact, `name IS NULL OR name != 'corpus-alpha'`, []int{2, 3, 4, 5}},
		{18, anArtifact, `name LIKE 'net_%'`, []int{4, 5}},
		{19, anArtifact, `name = 'net_5'`, nil},
		{20, anArtifact, `name NOT LIKE 'corpus%'`, []int{4, 5}},
		{21, anArtifact, `name IN ('net_4', 'NET_5')`, []int{4, 5}},
		{22, anArtifact, `LOWER(name) = 'net_5'`, []int{5}},
		{23, anArtifact, `uri LIKE '/data/%' AND state = LIVE`, []int{1}},
		{24, anArtifact, `uri IS NULL`, nil},
		{25, anArtifact, `uri = ''`, []int{3}},
		{26, anArtifact, `external_id = 'ext-1.@x'`, []int{1}},
		{27, anArtifact, `create_time_since_epoch >= @created3 AND last_update_time_since_epoch < @updated4`, []int{3}},
		{28, anArtifact, `last_update_time_since_epoch > create_time_since_epoch`, []int{2, 4}},
		{29, anArtifact, `TRUE`, []int{1, 2, 3, 4, 5}},
		{30, anArtifact, `name = 'net_4' OR name = 'corpus-beta' AND id = @a1`, []int{4}},
		{31, anArtifact, `NOT id = @a1 AND id = @a2`, []int{2}},
	}},
	{"its state", []filterExample{
		{32, anArtifact, `state = LIVE`, []int{1}},
		{33, anArtifact, `state != LIVE`, []int{2, 3, 4, 5}},
		{34, anArtifact, `NOT (state = LIVE)`, []int{2, 4, 5}},
		{35, anArtifact, `state IN (LIVE, PENDING)`, []int{1, 2}},
		{36, anArtifact, `state NOT IN (LIVE, PENDING)`, []int{3, 4, 5}},
		{37, anArtifact, `state IS NULL`, []int{3}},
		{38, anArtifact, `state = UNKNOWN`, []int{5}},
		{39, anArtifact, `state <> 2`, []int{2, 4, 5}},
		{40, anArtifact, `(state = LIVE) IS NOT TRUE`, []int{2, 3, 4, 5}},
		{41, anArtifact, `state = LIVE OR state = DELETED`, []int{1, 4}},
	}},
	{"its properties", []filterExample{
		{42, anArtifact, `properties.rows.int_value > 1000`, []int{2}},
		{43, anArtifact, `properties.rows.int_value != 500`, []int{2}},
		{44, anArtifact, `NOT (properties.rows.int_value = 500)`, []int{2}},
		{45, anArtifact, `properties.rows.int_value IS NULL`, nil},
		{46, anArtifact, `properties.rows.double_value IS NULL`, []int{1, 2}},
		{47, anArtifact, `properties.rows.int_value IS NOT NULL`, []int{1, 2}},
		{48, anArtifact, `properties.rows.int_value IN (500, 900)`, []int{1}},
		{49, anArtifact, `properties.accuracy.double_value > 0.8`, []int{3}},
		{50, anArtifact, `properties.accuracy.double_value >= 0.7 AND properties.accuracy.double_value < 1`, []int{3, 4}},
		{51, anArtifact, `properties.ratio.double_value * 4 = 1`, []int{1}},
		{52, anArtifact, `properties.released.bool_value = true`, []int{3}},
		{53, anArtifact, `NOT properties.released.bool_value`, []int{4}},
		{54, anArtifact, `custom_properties.owner.string_value = 'ada'`, []int{1}},
		{55, anArtifact, `custom_properties.owner.string_value != 'ada'`, []int{2}},
		{56, anArtifact, `custom_properties.owner.int_value = 7`, []int{4}},
		{58, anArtifact, "custom_properties.`team name`.string_value = 'blue'", []int{1}},
		{59, anArtifact, `properties.owner.string_value = 'ada'`, nil},
		{60, anArtifact, `properties.rows.int_value > 100 OR properties.accuracy.double_value > 0.5`, nil},
		{61, anArtifact, `properties.rows.int_value = 500 OR id = @a5`, []int{1}},
		{62, anArtifact, `properties.rows.int_value = 500 OR custom_properties.owner.string_value = 'bob'`, []int{1, 2}},
		{63, anArtifact, `properties.nosuch.int_value = 1 OR id = @a1`, nil},
	}},
	{"its contexts and events", []filterExample{
		{65, anArtifact, `contexts_a.name = 'study-x'`, []int{1, 2, 3}},
		{66, anArtifact, `contexts_a.name != 'study-x'`, []int{2, 4}},
		{67, anArtifact, `NOT (contexts_a.name = 'study-x')`, []int{2, 4}},
		{68, anArtifact, `contexts_a.name = 'study-x' AND contexts_a.name = 'study-y'`, nil},
		{69, anArtifact, `contexts_a.name = 'study-x' AND contexts_b.name = 'study-y'`, []int{2}},
		{70, anArtifact, `contexts_a.name = 'study-x' OR contexts_b.name = 'study-y'`, []int{1, 2, 3, 4}},
		{71, anArtifact, `contexts_a.name = 'study-x' OR id = @a5`, []int{1, 2, 3}},
		{72, anArtifact, `contexts_a.id > 0`, []int{1, 2, 3, 4}},
		{73, anArtifact, `contexts_a.id IS NULL`, nil},
		{74, anArtifact, `contexts_a.id != contexts_b.id`, []int{2}},
		{75, anArtifact, `contexts_a.type = '@Study' AND contexts_a.create_time_since_epoch < @since2`, []int{1, 2, 3}},
		{76, anArtifact, `events_0.type = INPUT`, []int{1, 2, 3}},
		{77, anArtifact, `events_0.type != INPUT`, []int{3, 4}},
		{78, anArtifact, `events_0.execution_id = @e3`, []int{3, 4}},
		{79, anArtifact, `events_0.type = OUTPUT AND events_0.execution_id = @e1`, []int{3}},
		{80, anArtifact, `events_0.type = OUTPUT AND events_1.type = INPUT`, []int{3}},
		{81, anArtifact, `events_0.type = OUTPUT AND events_0.type = INPUT`, nil},
		{
			82, anArtifact, `events_0.type IN (INPUT, DECLARED_INPUT) AND events_0.milliseconds_since_epoch > 3000`,
			[]int{3, 4},
		},
		{
			83, anArtifact,
			`contexts_a.type = '@Study' AND contexts_a.name = 'study-y' AND properties.rows.int_value > 1000`,
			[]int{2},
		},
	}},
	{"executions", []filterExample{
		{84, anExecution, `last_known_state = COMPLETE`, []int{1}},
		{85, anExecution, `last_known_state != COMPLETE`, []int{2, 3}},
		{86, anExecution, `last_known_state NOT IN (COMPLETE, FAILED)`, []int{2, 3}},
		{87, anExecution, `NOT (last_known_state = COMPLETE)`, []int{2}},
		{88, anExecution, `last_known_state IS NOT NULL`, []int{1, 2}},
		{89, anExecution, `custom_properties.lr.double_value < 0.05`, []int{2}},
		{90, anExecution, `events_a.artifact_id = @a3`, []int{1, 3}},
		{91, anExecution, `events_a.artifact_id = @a3 AND events_a.type = OUTPUT`, []int{1}},
		{92, anExecution, `contexts_s.name = 'study-y' AND type = '@Fit'`, []int{2}},
		{93, anExecution, `type = '@Score' AND contexts_a.name = 'study-x' AND contexts_b.name = 'study-y'`, []int{3}},
		{94, anExecution, `name = 'score-1' OR custom_properties.lr.double_value = 0.1`, []int{1}},
	}},
	{"contexts", []filterExample{
		{95, aContextNode, `name LIKE 'study%'`, []int{1, 2}},
		{96, aContextNode, `type = '@Study' AND id != @c1`, []int{2}},
		{97, aContextNode, `external_id = 'ext-c3.@x'`, []int{3}},
		{98, aContextNode, `parent_contexts_p.name = 'team-blue'`, []int{1, 2}},
		{99, aContextNode, `parent_contexts_p.type = '@Team' AND name = 'study-y'`, []int{2}},
		{100, aContextNode, `child_contexts_k.name = 'study-x'`, []int{3}},
		{101, aContextNode, `child_contexts_k.id = @c1 AND child_contexts_l.id = @c2`, []int{3}},
		{102, aContextNode, `NOT (child_contexts_k.name = 'study-x')`, []int{3}},
		{103, aContextNode, `artifacts_x.uri LIKE '/data/%'`, []int{1, 2}},
		{104, aContextNode, `artifacts_x.state = LIVE`, []int{1}},
		{105, aContextNode, `artifacts_x.state = LIVE AND artifacts_y.state = PENDING`, []int{1}},
		{106, aContextNode, `artifacts_x.state IN (DELETED, PENDING)`, []int{1, 2}},
		{107, aContextNode, `executions_e.last_known_state = RUNNING`, []int{2}},
		{108, aContextNode, `executions_e.name = 'score-1' AND artifacts_x.name = 'corpus-alpha'`, []int{1}},
		{109, aContextNode, `parent_contexts_p.id = @c3 AND artifacts_x.id = @a2`, []int{1, 2}},
	}},
}

// filterExampleCases returns a case for each topic of the examples.
func filterExampleCases() []Case {
	var cases []Case
	for _, group := range filterExamples {
		cases = append(cases, Case{Name: "filters on " + group.about +
			" select what the worked examples say", Run: on(func(s *scene) {
			g := newGallery(s)
			for _, e := range group.examples {
				if !g.selects(e.of, e.filter, e.want...) {
					g.Errorf("that was example %d", e.number)
				}
			}
		})})
	}
	return cases
}

// selects checks which gallery nodes a filter selects.
func (g *gallery) selects(of listed, filter string, want ...int) bool {
	g.Helper()
	right := true
	filter = g.marks.Replace(filter)
	for _, field := range []mlmdpb.ListOperationOptions_OrderByField_Field{
		mlmdpb.ListOperationOptions_OrderByField_ID, mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME,
	} {
		got, err := g.list(of, &mlmdpb.ListOperationOptions{
			MaxResultSize: new(int32(100)), FilterQuery: &filter,
			OrderByField: &mlmdpb.ListOperationOptions_OrderByField{Field: &field},
		})
		g.ok(err)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			g.Errorf("%s by %v selects %v; want %v", filter, field, got, want)
			right = false
		}
	}
	return right
}
