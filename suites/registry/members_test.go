package registry_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	objectsfield "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/objects/want/field"
	objects "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/objects/want/mapping"
	objectsmodel "github.com/mlmd-go/sdk/gen/codegen/testdata/cases/objects/want/model"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/filter"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// A tableTest is a condition with a function that evaluates it for a table.
type tableTest struct {
	text string
	expr filter.Expr[*objectsmodel.Table]
	eval func(*objectsmodel.Table) truth
}

// anyColumn returns the truth of a condition that holds if it holds for any
// column.
func anyColumn(of func(objectsmodel.Column) truth) func(*objectsmodel.Table) truth {
	return func(t *objectsmodel.Table) truth {
		if t.Columns == nil {
			return unknown
		}
		out := no
		for _, c := range t.Columns {
			out = max(out, of(c))
		}
		return out
	}
}

// tableLeaf returns a random condition on a member or an element.
func tableLeaf(r *rand.Rand) tableTest {
	f := objectsfield.Table
	n, word := r.Int64N(4), []string{"a", "b", "A", "a%"}[r.IntN(4)]
	day := time.Date(2024, 1, 1+int(n), 0, 0, 0, 5, time.FixedZone("", 3600))
	switch r.IntN(14) {
	case 0:
		return tableTest{fmt.Sprintf("rows > %d", n), f.Shape.Rows.Gt(n), func(t *objectsmodel.Table) truth {
			return is(t.Shape.Rows > n)
		}}
	case 1:
		return tableTest{fmt.Sprintf("bytes not in %d", n), f.Shape.Bytes.NotIn(n, 7), func(t *objectsmodel.Table) truth {
			if t.Shape.Bytes == nil {
				return unknown
			}
			return is(*t.Shape.Bytes != n && *t.Shape.Bytes != 7)
		}}
	case 2:
		return tableTest{"bytes is unset", f.Shape.Bytes.IsUnset(), func(t *objectsmodel.Table) truth {
			return is(t.Shape.Bytes == nil)
		}}
	case 3:
		return tableTest{"tags has " + word, f.Tags.Has(word), func(t *objectsmodel.Table) truth {
			if t.Tags == nil {
				return unknown
			}
			return is(slices.Contains(t.Tags, word))
		}}
	case 4:
		return tableTest{"tags is unset", f.Tags.IsUnset(), func(t *objectsmodel.Table) truth { return is(t.Tags == nil) }}
	case 5:
		kinds := []objectsmodel.ColumnKind{objectsmodel.ColumnKindText, objectsmodel.ColumnKindTime}
		return tableTest{"kinds has any", f.Kinds.HasAny(kinds...), func(t *objectsmodel.Table) truth {
			if t.Kinds == nil {
				return unknown
			}
			return is(slices.ContainsFunc(t.Kinds, func(k objectsmodel.ColumnKind) bool { return slices.Contains(kinds, k) }))
		}}
	case 6:
		return tableTest{"a column is named " + word, f.Columns.Any.Name.Eq("a"), anyColumn(
			func(c objectsmodel.Column) truth { return is(c.Name == "a") })}
	case 7:
		return tableTest{"a comment >= " + word, f.Columns.Any.Comment.Ge(word), anyColumn(
			func(c objectsmodel.Column) truth {
				if c.Comment == nil {
					return unknown
				}
				return is(*c.Comment >= word)
			})}
	case 8:
		return tableTest{"a column is added after " + day.String(), f.Columns.Any.Added.After(day), anyColumn(
			func(c objectsmodel.Column) truth {
				if c.Added.IsZero() {
					return unknown
				}
				return is(c.Added.After(day))
			})}
	case 9:
		return tableTest{"a weight < 1", f.Columns.Any.Weight.Lt(1), anyColumn(
			func(c objectsmodel.Column) truth { return is(*c.Weight < 1) })}
	case 10:
		return tableTest{"a comment is set", f.Columns.Any.Comment.IsSet(), func(t *objectsmodel.Table) truth {
			return is(slices.ContainsFunc(t.Columns, func(c objectsmodel.Column) bool { return c.Comment != nil }))
		}}
	case 11:
		return tableTest{"columns is set", f.Columns.IsSet(), func(t *objectsmodel.Table) truth {
			return is(t.Columns != nil)
		}}
	case 12:
		return tableTest{"matrix is unset", f.Matrix.IsUnset(), func(t *objectsmodel.Table) truth {
			return is(t.Matrix == nil)
		}}
	default:
		return tableTest{"a column has kind", f.Columns.Any.Kind.Ne(objectsmodel.ColumnKindText), anyColumn(
			func(c objectsmodel.Column) truth { return is(c.Kind != objectsmodel.ColumnKindText) })}
	}
}

func tableTree(r *rand.Rand, depth int) tableTest {
	if depth == 0 || r.IntN(3) == 0 {
		return tableLeaf(r)
	}
	a := tableTree(r, depth-1)
	switch r.IntN(4) {
	case 0:
		return tableTest{
			"not(" + a.text + ")", filter.Not(a.expr), func(t *objectsmodel.Table) truth { return yes - a.eval(t) },
		}
	case 1:
		b := tableTree(r, depth-1)
		return tableTest{
			"(" + a.text + " and " + b.text + ")", a.expr.And(b.expr),
			func(t *objectsmodel.Table) truth { return min(a.eval(t), b.eval(t)) },
		}
	default:
		b := tableTree(r, depth-1)
		return tableTest{
			"(" + a.text + " or " + b.text + ")", a.expr.Or(b.expr),
			func(t *objectsmodel.Table) truth { return max(a.eval(t), b.eval(t)) },
		}
	}
}

func randomTable(r *rand.Rand) *objectsmodel.Table {
	t := &objectsmodel.Table{Name: fresh("table"), Shape: &objectsmodel.TableShape{Rows: r.Int64N(4)}}
	if r.IntN(2) == 0 {
		t.Shape.Bytes = new(r.Int64N(4))
	}
	if r.IntN(2) == 0 {
		t.Tags = [][]string{{"a"}, {"b", "A"}, {"a%"}}[r.IntN(3)]
	}
	if r.IntN(2) == 0 {
		t.Kinds = [][]objectsmodel.ColumnKind{{objectsmodel.ColumnKindText}, {objectsmodel.ColumnKindNumber}}[r.IntN(2)]
	}
	if r.IntN(2) == 0 {
		t.Matrix = [][]int32{{1}}
	}
	for range r.IntN(3) {
		c := objectsmodel.Column{
			Name: []string{"a", "b"}[r.IntN(2)], Kind: []objectsmodel.ColumnKind{"number", "text"}[r.IntN(2)],
		}
		if r.IntN(2) == 0 {
			c.Comment = new([]string{"a", "b", "A", "a%"}[r.IntN(4)])
		}
		if r.IntN(2) == 0 {
			c.Weight = new(float64(r.IntN(4)) / 2)
		}
		if r.IntN(2) == 0 {
			c.Added = time.Date(2024, 1, 1+r.IntN(4), 1, 0, 0, 0, time.UTC)
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

var _ = onEveryBackend("conditions on members of objects and elements of lists",
	func(rpc func() mlmdpb.MetadataStoreServiceClient) {
		It("select what an evaluation in Go selects", func(ctx SpecContext) {
			seed := uint64(GinkgoRandomSeed())
			r := rand.New(rand.NewPCG(seed, 2))
			tables := registry.NewCollection(registry.New(rpc()), objects.Table)
			var ids []string
			for range 20 {
				res, err := tables.Create(ctx, randomTable(r))
				Expect(err).NotTo(HaveOccurred())
				ids = append(ids, res.ID)
			}
			ours := tables.Query().Where(objectsfield.Table.ID.In(ids...))
			stored, err := ours.Collect(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(stored).To(HaveLen(20))
			for range 60 {
				c := tableTree(r, 3)
				var want []string
				for _, t := range stored {
					if c.eval(t) == yes {
						want = append(want, t.Name)
					}
				}
				checkQuery(ctx, r, ours.Where(c.expr), func(t *objectsmodel.Table) string { return t.Name }, want,
					fmt.Sprintf("seed %d: %s", seed, c.text))
			}
		})

		It("find a member under its former name", func(ctx SpecContext) {
			client := rpc()
			tables := registry.NewCollection(registry.New(client), objects.Table)
			name := fresh("table")
			res, err := tables.Create(ctx, &objectsmodel.Table{
				Name: name, Shape: &objectsmodel.TableShape{Rows: 1},
				Columns: []objectsmodel.Column{{Name: "a", Kind: objectsmodel.ColumnKindText, Label: new("old")}},
			})
			Expect(err).NotTo(HaveOccurred())
			q := tables.Query().Where(
				objectsfield.Table.Columns.Any.Label.Eq("old"), objectsfield.Table.ID.Eq(res.ID))
			Expect(q.Count(ctx)).To(Equal(1))
			got, err := client.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{number64(res.ID)}})
			Expect(err).NotTo(HaveOccurred())
			list := got.Artifacts[0].Properties["columns"].GetStructValue().Fields
			for _, v := range list {
				members := v.GetListValue().Values[0].GetStructValue().Fields
				members["title"] = members["label"]
				delete(members, "label")
			}
			_, err = client.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: got.Artifacts})
			Expect(err).NotTo(HaveOccurred())
			Expect(q.Count(ctx)).To(Equal(1))
		})
	})
