// Package svg makes images of lineage graphs.
//
// It contains Graphviz, compiled to WebAssembly and run in the process, so that it
// needs neither cgo nor an installed program. Graphviz has the Eclipse Public License,
// which a program that is distributed with this package must mention. Programs that do
// not import this package do not link it.
package svg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/goccy/go-graphviz"

	"github.com/mlmd-go/sdk/pkg/lineage"
)

// MaxBoxes is how many boxes an image can have. Laying out more takes minutes, and
// cannot be interrupted.
const MaxBoxes = 1000

// ErrTooLarge reports that an image would have more than [MaxBoxes] boxes.
var ErrTooLarge = errors.New("too many boxes")

// graphvizMu guards Graphviz, whose state is shared by the process.
var graphvizMu sync.Mutex

// Render returns a picture of g as an SVG document. It looks like the picture of
// [lineage.Graph.DOT] and takes the same options. The document refers to no other
// files or fonts, and has no scripts. It depends on the graph only.
//
// Calls are made one after the other; Render returns the error of ctx if it ends while
// Render waits. The error is [ErrTooLarge] if the options keep more than [MaxBoxes]
// boxes.
func Render(ctx context.Context, g *lineage.Graph, opts ...lineage.PictureOption) ([]byte, error) {
	dot := g.DOT(opts...)
	if n := strings.Count(dot, "[label="); n > MaxBoxes {
		return nil, fmt.Errorf("svg: %w: %d, and at most %d are possible: fold more with lineage.MaxBoxes",
			ErrTooLarge, n, MaxBoxes)
	}
	graphvizMu.Lock()
	defer graphvizMu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out, err := render(dot)
	if err != nil {
		return nil, fmt.Errorf("svg: %w", err)
	}
	return out, nil
}

// render does not use the context of the caller: a call that is interrupted leaves
// Graphviz unusable.
func render(dot string) (_ []byte, err error) {
	ctx := context.Background()
	engine, err := graphviz.New(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	parsed, err := graphviz.ParseBytes([]byte(dot))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, parsed.Close()) }()
	var out bytes.Buffer
	if err := engine.Render(ctx, parsed, graphviz.SVG, &out); err != nil {
		return nil, err
	}
	// Where Graphviz was compiled and how many pages it would print is of no use.
	_, drawing, ok := strings.Cut(out.String(), "<svg")
	if !ok {
		return nil, errors.New("the layout has no drawing")
	}
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<svg" + drawing), nil
}
