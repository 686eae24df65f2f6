package storetest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// hostileTexts are names that contain quotes or escapes, or look like syntax.
var hostileTexts = []string{
	`it's`, `say "x"`, "both ' and \"", `back\slash`, "tab\tand\nline", "`ticks`", "100%", "under_score", "Ärger 日本 🦊",
	"'; DROP TABLE Artifact; --", "state = LIVE", "properties.x.int_value", "name", "?", "$1", "?$", "\x01\x7f",
	"a -- b", "/* c */", "|",
}

// hostileLiterals selects nodes by each of the texts as a name, as a value and as
// the name of a property.
func hostileLiterals(s *scene) {
	typ, err := s.rpc.PutArtifactType(s.ctx, &mlmdpb.PutArtifactTypeRequest{
		ArtifactType: &mlmdpb.ArtifactType{Name: new(s.own("hostile"))},
	})
	s.ok(err)
	req := &mlmdpb.PutArtifactsRequest{}
	for _, text := range hostileTexts {
		req.Artifacts = append(req.Artifacts, &mlmdpb.Artifact{
			TypeId: typ.TypeId, Name: &text,
			CustomProperties: values{"text": str(text), text: integer(1)},
		})
	}
	put, err := s.rpc.PutArtifacts(s.ctx, req)
	s.ok(err)
	for i, text := range hostileTexts {
		literal := spell(text, '\'')
		for _, filter := range []string{
			"name = " + literal,
			"name IN (" + literal + ")",
			"custom_properties.text.string_value = " + literal,
			"CONCAT('', name) = " + literal,
			"custom_properties." + spell(text, '`') + ".int_value = 1",
		} {
			filter += fmt.Sprintf(" AND type_id = %d", typ.GetTypeId())
			ids, _, err := s.page(anArtifact, &mlmdpb.ListOperationOptions{FilterQuery: &filter})
			if err != nil || len(ids) != 1 || ids[0] != put.ArtifactIds[i] {
				s.Errorf("%s selects %v, %v; want the one node with %q", filter, ids, err, text)
			}
		}
	}
}

// spell returns text as a literal of the filter language.
func spell(text string, quote rune) string {
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range text {
		switch {
		case r == quote || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteRune(quote)
	return b.String()
}

// keptDecimals returns the double that the reference implementation stores.
func keptDecimals(d float64) float64 {
	stored, err := strconv.ParseFloat(strconv.FormatFloat(d, 'f', 6, 64), 64)
	if err != nil {
		panic(err)
	}
	return stored
}

// lacks reports whether a filter uses one of the missing functions.
func lacks(filter string, functions []string) bool {
	return slices.ContainsFunc(functions, func(f string) bool { return strings.Contains(filter, f) })
}

// numbers checks arithmetic that overflows, underflows or divides by zero. Stored
// returns the double that the service stores, and missing lists the functions that
// it lacks.
func numbers(s *scene, stored func(float64) float64, missing ...string) {
	typ, err := s.rpc.PutArtifactType(s.ctx, &mlmdpb.PutArtifactTypeRequest{
		ArtifactType: &mlmdpb.ArtifactType{Name: new(s.own("numbers"))},
	})
	s.ok(err)
	doubles := []float64{0, 0.5, -0.5, 1e-300, -1e-300, 5e-324, 1e300, -1e300, math.MaxFloat64, -math.MaxFloat64, 3}
	ints := []int64{0, 1, -1, 7, math.MaxInt32, math.MinInt32, 65536, 46341, -46341, 12, 100}
	req := &mlmdpb.PutArtifactsRequest{}
	for i, d := range doubles {
		req.Artifacts = append(req.Artifacts, &mlmdpb.Artifact{
			TypeId: typ.TypeId, CustomProperties: values{"d": double(d), "i": integer(ints[i])},
		})
	}
	put, err := s.rpc.PutArtifacts(s.ctx, req)
	s.ok(err)
	const d, i = "custom_properties.d.double_value", "custom_properties.i.int_value"
	for filter, want := range map[string]func(d float64, i int64) bool{
		d + " * 2 = 1":                                  func(d float64, _ int64) bool { return d*2 == 1 },
		d + " * 1e300 > 1":                              func(d float64, _ int64) bool { return d*1e300 > 1 },
		d + " * 1e-300 = 0":                             func(d float64, _ int64) bool { return d*1e-300 == 0 },
		d + " * " + d + " >= 0":                         func(float64, int64) bool { return true },
		d + " / 1e-300 < -1":                            func(d float64, _ int64) bool { return d/1e-300 < -1 },
		d + " / 1e300 = 0":                              func(d float64, _ int64) bool { return d/1e300 == 0 },
		d + " + " + d + " > 1e308":                      func(d float64, _ int64) bool { return d+d > 1e308 },
		d + " - 1.7e308 < -1.79e308":                    func(d float64, _ int64) bool { return d-1.7e308 < -1.79e308 },
		"1 / " + d + " > 1":                             func(d float64, _ int64) bool { return d != 0 && 1/d > 1 },
		"(" + d + " / 0) IS NULL":                       func(float64, int64) bool { return true },
		"((" + d + " * 3 + 1) * 2 - 2) / 6 > 1":         func(d float64, _ int64) bool { return ((d*3+1)*2-2)/6 > 1 },
		i + " * " + i + " > 4000000000":                 func(_ float64, i int64) bool { return i*i > 4000000000 },
		i + " * " + i + " * " + i + " < 0":              func(_ float64, i int64) bool { return i < 0 },
		i + " + 9223372036854775807 > 0":                func(_ float64, i int64) bool { return true },
		i + " - 9223372036854775807 < 0":                func(_ float64, i int64) bool { return true },
		"ABS(" + i + ") = 1":                            func(_ float64, i int64) bool { return i == 1 || i == -1 },
		"-" + i + " > 0":                                func(_ float64, i int64) bool { return i < 0 },
		i + " / 2 = 0.5":                                func(_ float64, i int64) bool { return i == 1 },
		i + " & 4 = 4":                                  func(_ float64, i int64) bool { return i&4 == 4 },
		"~" + i + " = -1":                               func(_ float64, i int64) bool { return i == 0 },
		i + " | 1 = 1":                                  func(_ float64, i int64) bool { return i|1 == 1 },
		i + " = 12.0":                                   func(_ float64, i int64) bool { return i == 12 },
		i + " IN (7, 12.0, 0.5)":                        func(_ float64, i int64) bool { return i == 7 || i == 12 },
		i + " = 4294967296123":                          func(float64, int64) bool { return false },
		i + " < 9223372036854775807":                    func(float64, int64) bool { return true },
		d + " IN (0.5, 3)":                              func(d float64, _ int64) bool { return d == 0.5 || d == 3 },
		i + " BETWEEN 0.5 AND 99":                       func(_ float64, i int64) bool { return i >= 1 && i <= 99 },
		"SIGN(" + d + ") = -1 AND SIGN(" + i + ") = -1": func(d float64, i int64) bool { return d < 0 && i < 0 },
		"CAST(" + i + " AS STRING) = '12'":              func(_ float64, i int64) bool { return i == 12 },
		"CAST(" + i + " > 0 AS INT64) + 1 = 2":          func(_ float64, i int64) bool { return i > 0 },
		"CASE " + i + " WHEN 7 THEN TRUE WHEN 12 THEN FALSE ELSE NULL END": func(_ float64, i int64) bool { return i == 7 },
		"IF(" + i + " > 0, " + d + ", -1) >= 0": func(d float64, i int64) bool {
			return i > 0 && d >= 0
		},
		"id + 9223372036854775807 > 0": func(float64, int64) bool { return true },
	} {
		var wanted []int64
		for n := range doubles {
			if want(stored(doubles[n]), ints[n]) {
				wanted = append(wanted, put.ArtifactIds[n])
			}
		}
		filter := fmt.Sprintf("(%s) AND type_id = %d", filter, typ.GetTypeId())
		ids, _, err := s.page(anArtifact, &mlmdpb.ListOperationOptions{FilterQuery: &filter, MaxResultSize: new(int32(100))})
		if lacks(filter, missing) {
			s.refused(err, codes.Internal, "no such function")
			continue
		}
		if err != nil {
			s.Errorf("%s: %v", filter, err)
			continue
		}
		equalList(s, filter, ids, wanted...)
	}
}

// functions checks every function with text that databases treat differently, and
// that the missing functions are rejected.
func functions(s *scene, missing ...string) {
	typ, err := s.rpc.PutArtifactType(s.ctx, &mlmdpb.PutArtifactTypeRequest{
		ArtifactType: &mlmdpb.ArtifactType{Name: new(s.own("texts"))},
	})
	s.ok(err)
	_, err = s.rpc.PutArtifacts(s.ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{
		{TypeId: typ.TypeId, Name: new("Ärger 日本"), Uri: new("a_b%c|d"), CustomProperties: values{"s": str("  Straße  ")}},
		{TypeId: typ.TypeId, CustomProperties: values{"s": str("")}},
	}})
	s.ok(err)
	const x = "custom_properties.s.string_value"
	for filter, want := range map[string]int{
		"LOWER(name) = 'Ärger 日本'":                    1, // only the case of ASCII letters changes
		"UPPER(name) = 'ÄRGER 日本'":                    1,
		"LENGTH(name) = 8":                            1,
		"CHAR_LENGTH(" + x + ") = 10":                 1,
		"SUBSTR(name, 7) = '日本'":                      1,
		"SUBSTR(name, 1, 2) = 'Är'":                   1,
		"SUBSTR(name, 100) = ''":                      1,
		"TRIM(" + x + ") = 'Straße'":                  1,
		"LTRIM(" + x + ") = 'Straße  '":               1,
		"RTRIM(" + x + ") = '  Straße'":               1,
		x + " = '  Straße'":                           0, // trailing spaces are significant
		"REPLACE(name, 'rg', 'RG') = 'ÄRGer 日本'":      1,
		"REPLACE(name, '', 'x') = name":               1,
		"CONCAT(name, '-', uri) = 'Ärger 日本-a_b%c|d'": 1,
		"name || NULL IS NULL":                        -1,
		"name || 'x' = 'Ärger 日本x'":                   1,
		"STARTS_WITH(name, 'Är')":                     1,
		"STARTS_WITH(name, 'är')":                     0,
		"STARTS_WITH(uri, '')":                        2,
		"ENDS_WITH(name, '本')":                        1,
		"ENDS_WITH(uri, 'x')":                         0,
		"ENDS_WITH(uri, 'much longer than the uri')":  0,
		"COALESCE(name, 'none') = 'none'":             1,
		"IFNULL(name, uri) = ''":                      1,
		"NULLIF(uri, '') IS NULL":                     1,
		"name LIKE 'ÄRGER%'":                          1, // LIKE ignores the case of ASCII letters
		"name LIKE 'ärger%'":                          0,
		"name LIKE '_rger __'":                        1, // _ matches one character
		"name LIKE '______'":                          0,
		"uri LIKE 'a\\\\_b%'":                         0, // no escape
		"uri LIKE 'a_b%c|d'":                          1,
		"uri LIKE 'A%|D'":                             1,
		"uri LIKE '|%'":                               0,
		"uri LIKE ''":                                 1,
		"name < 'a'":                                  0, // compared by bytes: Ä sorts after z
		"name > 'z'":                                  1,
		"uri BETWEEN 'A' AND 'a_b%d'":                 1,
		"name = uri":                                  0,
		"uri != LOWER(uri)":                           0,
		"name IN (uri, 'Ärger 日本')":                   1,
		"CASE name WHEN 'ärger 日本' THEN FALSE WHEN 'Ärger 日本' THEN TRUE END": 1,
	} {
		if want < 0 {
			continue
		}
		filter := fmt.Sprintf("(%s) AND type_id = %d", filter, typ.GetTypeId())
		if strings.HasPrefix(filter, "("+x) || strings.Contains(filter, x) {
			filter += " AND LENGTH(" + x + ") > 0"
		}
		ids, _, err := s.page(anArtifact, &mlmdpb.ListOperationOptions{FilterQuery: &filter})
		if lacks(filter, missing) {
			s.refused(err, codes.Internal, "no such function")
			continue
		}
		if err != nil || len(ids) != want {
			s.Errorf("%s selects %d nodes, %v; want %d", filter, len(ids), err, want)
		}
	}
}
