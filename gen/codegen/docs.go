package codegen

import (
	"context"

	"github.com/mlmd-go/sdk/gen/internal/docs"
	"github.com/mlmd-go/sdk/gen/internal/emit"
)

// PageMark begins every page that Docs makes.
const PageMark = docs.Mark

// Docs returns the documentation of a spec for the directory dir: a page of
// Markdown for each entity, and an index. If withTest is set, there is also a Go
// test of their examples. The error is like that of [Generate].
func Docs(ctx context.Context, c Config, dir string, withTest bool) (Files, error) {
	g, set, err := build(ctx, c)
	if err != nil {
		return nil, err
	}
	target := c.target()
	emit.CheckNames(g, target, set.Report)
	if len(set.Problems()) > 0 {
		return nil, set.Problems().Sorted()
	}
	return collect(docs.Emit(g, target, dir, withTest))
}
