package rest_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// filtered are the models that the filters select from, by name.
var filtered = []string{
	`{"name":"a","owner":"ada","description":"it's \"50%\" a\\b","externalId":"ea","customProperties":{` +
		`"n":{"metadataType":"MetadataIntValue","int_value":"7"},` +
		`"d":{"metadataType":"MetadataDoubleValue","double_value":0.5},` +
		`"b":{"metadataType":"MetadataBoolValue","bool_value":true},` +
		`"s":{"metadataType":"MetadataStringValue","string_value":"7"},` +
		`"my-key":{"metadataType":"MetadataStringValue","string_value":"x"},` +
		`"o":{"metadataType":"MetadataStructValue","struct_value":"eyJhIjoxfQ=="}}}`,
	`{"name":"b","owner":"bob","state":"ARCHIVED","libraryName":"torch","customProperties":{` +
		`"n":{"metadataType":"MetadataDoubleValue","double_value":7.5},` +
		`"d":{"metadataType":"MetadataIntValue","int_value":"-3"},` +
		`"b":{"metadataType":"MetadataBoolValue","bool_value":false},` +
		`"s":{"metadataType":"MetadataStringValue","string_value":"S"},` +
		`"select":{"metadataType":"MetadataIntValue","int_value":"2147483647"},` +
		`"日":{"metadataType":"MetadataIntValue","int_value":"1"}}}`,
	`{"name":"c"}`,
}

// A selection is a filter and the names of the models that it selects.
type selection struct{ filter, names string }

// The grammar of filters.
var selections = []selection{
	{"", "a b c"},
	{"  \t\n", "a b c"},
	{`name = 'a'`, "a"},
	{`name = "a"`, "a"},
	{`name='a'`, "a"},
	{"\n\tname\r\n=\t'a'  ", "a"},
	{`name != 'a'`, "b c"},
	{`name <> 'a'`, "b c"},
	{`name > 'a'`, "b c"},
	{`name >= 'b'`, "b c"},
	{`name < 'b'`, "a"},
	{`name <= 'b'`, "a b"},
	{`name LIKE 'a%'`, "a"},
	{`name LIKE '_'`, "a b c"},
	{`name LIKE 'A'`, "a"},
	{`name ILIKE 'A'`, "a"},
	{`name IN ('a')`, "a"},
	{`name IN ('a','c', "x")`, "a c"},
	{`name IN ('x')`, ""},
	// Values.
	{`description = 'it\'s "50%" a\\b'`, "a"},
	{`description = "it's \"50%\" a\\b"`, "a"},
	{`description LIKE '%"50%'`, "a"},
	{`description LIKE '%50\\%%'`, ""},
	{`n = 7`, "a"},
	{`n = 7.5`, "b"},
	{`n = 7.50e0`, "b"},
	{`n != 7`, "b"},
	{`n > 7`, "b"},
	{`n >= 7`, "a b"},
	{`n < 7.5`, "a"},
	{`n IN (7, 8)`, "a"},
	{`n IN (7, 7.5)`, "a b"},
	{`d = .5`, "a"},
	{`d = -3`, "b"},
	{`d < -2.9`, "b"},
	{`d > -4`, "a b"},
	{`select = 2147483647`, "b"},
	{`select = 2147483646`, ""},
	{`b = true`, "a"},
	{`b = TRUE`, "a"},
	{`b = False`, "b"},
	{`b != true`, "b"},
	{`b IN (true, false)`, "a b"},
	// The type of the value decides what it is compared with.
	{`s = '7'`, "a"},
	{`s = 7`, ""},
	{`d > -4 AND d < 1`, "a b"}, // an integer is compared with integers and doubles
	{`n = '7'`, ""},
	{`b = 1`, ""},
	{`n = true`, ""},
	{`s = 's'`, ""},
	{`s = 'S'`, "b"},
	{`o = 'x'`, ""},
	{`n.int_value = 7`, "a"},
	{`n.double_value > 0`, "b"},
	{`d.double_value = 0.5`, "a"},
	{`b.bool_value = true`, "a"},
	{`s.string_value = 'S'`, "b"},
	{`s.string_value IN ('S', '7')`, "a b"},
	{`n.int_value IN (7)`, "a"},
	{`owner.string_value = 'ada'`, "a"},
	// Names.
	{"_x1 = 9223372036854775807 OR _x1 = -9223372036854775808", ""},
	{"`my-key` = 'x'", "a"},
	{"`my-key`.string_value = 'x'", "a"},
	{"`name` = 'a'", "a"},
	{"`日` = 1", "b"},
	{"library_name = 'torch'", "b"},
	{"libraryName = 'torch'", "b"},
	{"nothing = 1", ""},
	{"OWNER = 'ada'", ""},
	// What does not have the property is never selected.
	{`owner != 'ada'`, "b"},
	{`owner <> 'x'`, "a b"},
	{`nothing != 1`, ""},
	{`state = 'LIVE'`, "a c"},
	{`state != 'LIVE'`, "b"},
	{`state IN ('LIVE', 'ARCHIVED')`, "a b c"},
	{`state = 'FOO'`, ""},
	// Conjunctions.
	{`name = 'a' OR name = 'b'`, "a b"},
	{`name = 'a' AND name = 'b'`, ""},
	{`name = 'a' OR name = 'b' AND owner = 'x'`, "a"},
	{`(name = 'a' OR name = 'b') AND owner = 'bob'`, "b"},
	{`name = 'c' AND (name = 'a' OR (name = 'b' OR (name = 'c')))`, "c"},
	{`owner = 'ada' OR n = 7.5 OR name = 'c'`, "a b c"},
	{strings.Repeat("(", 50) + `name = 'a'` + strings.Repeat(")", 50), "a"},
	{`name = 'a' -- and nothing else`, "a"},
	{"-- the first\nname = 'a' -- one\nOR name = 'b'", "a b"},
	{`id > 0`, "a b c"},
	{`externalId = 'ea'`, "a"},
	{`externalId != 'x'`, "a"},
	{`createTimeSinceEpoch > 1700000000000`, "a b c"},
	{`createTimeSinceEpoch > '1700000000000' AND lastUpdateTimeSinceEpoch < 1700000000000`, ""},
	// Keywords in lower case, which the grammar of Kubeflow's server means to take.
	{`name = 'a' or name = 'b' and owner like 'b%'`, "a b"},
	{`name in ('a')`, "a"},
}

// Filters that are refused, and where the message says that the mistake is.
var misread = map[string]string{
	`name`:                       "1:5: unexpected end",
	`name = `:                    "1:8: unexpected end",
	`= 'a'`:                      `1:1: unexpected token "="`,
	`name 'a'`:                   "1:6: unexpected string",
	`name = a`:                   `1:8: unexpected token "a"`,
	`name = 'a`:                  "1:8: the quote ' is not closed",
	`NOT name = 'a'`:             `1:5: unexpected token "name"`,
	`name IS NULL`:               `1:6: unexpected token "IS"`,
	`n BETWEEN 1 AND 2`:          `1:3: unexpected token "BETWEEN"`,
	`name = 'it''s'`:             "1:12: unexpected string",
	`name IN 'a'`:                "1:9: unexpected string",
	`name IN ()`:                 `1:10: unexpected token ")"`,
	`name IN ('a'`:               "1:13: unexpected end",
	`name NOT IN ('a')`:          `1:6: unexpected token "NOT"`,
	`(name = 'a'`:                "1:12: unexpected end",
	`name = 'a')`:                `1:11: unexpected token ")"`,
	`name = 'a' AND`:             "1:15: unexpected end",
	`name = 'a' name = 'b'`:      `1:12: unexpected token "name"`,
	`name == 'a'`:                `1:7: unexpected token "="`,
	`n.x = 1`:                    `1:3: unexpected token "x"`,
	`n. = 1`:                     `1:4: unexpected token "="`,
	`name = 'a';`:                "1:11: unexpected character ';'",
	`n = 99999999999999999999`:   "1:5: ",
	`n = 1e999`:                  "1:5: ",
	"`` = 1":                     "1:1: ",
	"name\n= a":                  `2:3: unexpected token "a"`,
	`name LIKE 1`:                "1:1: ",
	`owner = 1`:                  "type mismatch or invalid value in comparison",
	`state > 1`:                  "type mismatch",
	`b > true`:                   "1:1: ",
	`id = 'x'`:                   "type mismatch",
	`createTimeSinceEpoch = 'x'`: "type mismatch",
	`n.int_value = 'x'`:          "type mismatch",
	`s.string_value = 1`:         "type mismatch",
	`b.bool_value = 1`:           "type mismatch",
	`n.int_value = 1.5`:          "type mismatch",
	strings.Repeat("(", 200) + "n = 1" + strings.Repeat(")", 200): "nest more than",
}

var _ = onEveryBackend("a filter", func(f *face) {
	It("is read by its grammar, and selects the same on every database", func(ctx SpecContext) {
		for _, body := range filtered {
			Expect(f.post(ctx, "registered_models", "%s", body).status).To(Equal(201))
		}
		for _, s := range selections {
			a := f.get(ctx, in("registered_models", s.filter))
			Expect(a.status).To(Equal(200), s.filter+": "+a.text)
			Expect(strings.Join(a.names(), " ")).To(Equal(s.names), s.filter)
		}
		for filter, where := range misread {
			a := f.get(ctx, in("registered_models", filter))
			Expect(a.status).To(Equal(400), filter+": "+a.text)
			Expect(a.at("message")).To(HavePrefix("invalid filter query"), filter)
			Expect(a.at("message")).To(ContainSubstring(where), filter)
		}
	})

	for _, s := range schemas {
		if s.only != "" && !strings.HasSuffix(f.version, "/"+s.only) {
			continue
		}
		It("compares all members, and custom properties: "+s.name, func(ctx SpecContext) {
			ids := f.schemaFixtures(ctx)
			full := members(ids, commonBody, s.body)
			a := f.post(ctx, ids.Replace(s.path), "%s", with(full))
			Expect(a.status).To(Equal(201), a.text)
			shown := a.entity()
			for _, name := range []string{"id", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch"} {
				shown[name] = a.at(name)
			}
			lists := []string{s.one}
			if strings.Contains(s.path, "/") && s.path != s.one {
				lists = append(lists, s.path)
			}
			holds := func(filter string) []bool { // in each of the lists
				GinkgoHelper()
				var out []bool
				for _, list := range lists {
					l := f.get(ctx, in(ids.Replace(list), filter))
					Expect(l.status).To(Equal(200), filter+": "+l.text)
					out = append(out, slices.Contains(l.names(), "n"))
				}
				return slices.Compact(out)
			}
			for _, name := range slices.Sorted(maps.Keys(shown)) {
				switch v := shown[name].(type) {
				case string:
					Expect(holds(fmt.Sprintf("%s = '%s'", name, escape.Replace(v)))).To(Equal([]bool{true}), name)
					Expect(holds(fmt.Sprintf("%s != '%s'", name, escape.Replace(v)))).To(Equal([]bool{false}), name)
					Expect(holds(fmt.Sprintf("%s IN ('%s')", name, escape.Replace(v)))).To(Equal([]bool{true}), name)
				case float64:
					Expect(holds(fmt.Sprintf("%s = %v", name, v))).To(Equal([]bool{true}), name)
					Expect(holds(fmt.Sprintf("%s < %v", name, v))).To(Equal([]bool{false}), name)
				}
			}
			for filter, want := range map[string]bool{
				"b = true": true, "b != true": false, "d = 0.5": true, "d > 0.5": false, "i = -7": true, "i < -7": false,
				"s = 't'": true, "s = 'u'": false, "i.int_value = -7 AND s.string_value = 't'": true, "nothing = 't'": false,
				"name LIKE 'N'": true, "name LIKE '%n'": true, "name LIKE ':n'": false, "name = 'x' OR i = -7": true,
				"name ILIKE 'N'": true, "name <> 'n'": false,
			} {
				Expect(holds(filter)).To(Equal([]bool{want}), filter)
			}
			for _, p := range storedProperty.FindAllStringSubmatch(s.row, -1) { // the store's names are known, too
				isCopy := p[1] == "model_name" || p[1] == "version" // clients give custom properties these names
				Expect(holds(p[1]+" = "+p[2])).To(Equal([]bool{!isCopy}), p[0])
			}
		})
	}
})

// storedProperty matches a text in a row of the store.
var storedProperty = regexp.MustCompile(`(\w+)=("(?:[^"\\]|\\.)*")`)

// escape makes text the content of a quoted value.
var escape = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
