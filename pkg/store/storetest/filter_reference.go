package storetest

import (
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// columnsForStrings checks the reference implementation on SQLite, which reads a
// literal in double quotes as a column if one of that name exists.
func columnsForStrings(s *scene) {
	g := newGallery(s)
	g.selects(anArtifact, "custom_properties.name.string_value = 'blue'", 1)
	g.selects(anArtifact, "name = 'name'", 1, 2, 4, 5)
	g.selects(anArtifact, "name = 'uri' OR name = 'NAME'", 1, 2, 4, 5)
}

// rewrittenLiterals selects nodes by each of the hostile texts as a name, in an
// implementation that rewrites and escapes literals.
func rewrittenLiterals(s *scene) {
	typ, err := s.rpc.PutArtifactType(s.ctx, &mlmdpb.PutArtifactTypeRequest{
		ArtifactType: &mlmdpb.ArtifactType{Name: new(s.own("hostile"))},
	})
	s.ok(err)
	req := &mlmdpb.PutArtifactsRequest{}
	for _, text := range hostileTexts {
		req.Artifacts = append(req.Artifacts, &mlmdpb.Artifact{TypeId: typ.TypeId, Name: &text})
	}
	put, err := s.rpc.PutArtifacts(s.ctx, req)
	s.ok(err)
	for i, text := range hostileTexts {
		filter := fmt.Sprintf("name = %s AND type_id = %d", spell(text, '\''), typ.GetTypeId())
		ids, _, err := s.page(anArtifact, &listOptions{FilterQuery: &filter, MaxResultSize: new(int32(100))})
		want := put.ArtifactIds[i : i+1]
		switch text {
		case "both ' and \"":
			s.refused(err, codes.Internal, "unrecognized token")
			continue
		case `back\slash`, "tab\tand\nline", "\x01\x7f": // compared in escaped form
			want = nil
		case "state = LIVE", "properties.x.int_value": // compared in rewritten form
			want = nil
		case "name": // compared with the column of that name
			want = put.ArtifactIds
		}
		s.ok(err)
		equalList(s, filter, ids, want...)
	}
	for name, refused := range map[string]struct {
		code     codes.Code
		fragment string
	}{
		`say "x"`: {codes.Internal, "syntax error"},
		"a+b":     {codes.InvalidArgument, "Query cannot be rewritten successfully: matched_property"},
	} {
		filter := "custom_properties." + spell(name, '`') + ".int_value = 1"
		_, _, err := s.page(anArtifact, &listOptions{FilterQuery: &filter})
		s.refused(err, refused.code, refused.fragment)
	}
}

// databaseLimits checks that the reference implementation has the limits of SQLite
// only.
func databaseLimits(s *scene) {
	_, ids := s.someArtifacts(1)
	one := "id = " + itoa(ids[0])
	for _, filter := range []string{
		one + strings.Repeat(" ", 2<<20),
		strings.Repeat("(", 500) + one + strings.Repeat(")", 500),
		"id IN (" + itoa(ids[0]) + strings.Repeat(",0", 25_000) + ")",
	} {
		got, _, err := s.page(anArtifact, &listOptions{FilterQuery: &filter})
		s.ok(err)
		equalList(s, "artifacts by a filter of "+itoa(int64(len(filter)))+" bytes", got, ids...)
	}
	for filter, fragment := range map[string]string{
		manyNeighbors(40):                      "at most 64 tables in a join",
		strings.Repeat("NOT ", 50) + one:       "parser stack overflow",
		one + strings.Repeat(" OR "+one, 1100): "Expression tree is too large",
	} {
		_, _, err := s.page(anArtifact, &listOptions{FilterQuery: &filter})
		s.refused(err, codes.Internal, fragment)
	}
}
