//go:build stores

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/gen/internal/stored"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// A typePlan says what the spec changes of one type in a store, and how many of
// its entities that is about.
type typePlan struct {
	Entity    string         `json:"entity"`
	Type      string         `json:"type"`
	Kind      string         `json:"kind"`
	New       bool           `json:"new"`    // the store lacks the type
	Stored    int            `json:"stored"` // entities of the type
	Add       []propertyPlan `json:"add"`
	Keep      []propertyPlan `json:"keep"` // of the stored type, not in the spec
	Conflicts []propertyPlan `json:"conflicts"`
	Custom    []customPlan   `json:"custom"`
	Migrate   migrated       `json:"migrate"` // what gen migrate would do
}

type propertyPlan struct {
	Property string `json:"property"`
	Type     string `json:"type"`             // in the spec, or of one that it lacks in the store
	Declared string `json:"stored,omitempty"` // of a conflict: in the store
	FormerOf string `json:"formerOf,omitempty"`
	Entities int    `json:"entities"` // with a value of the property
}

type customPlan struct {
	Property string `json:"property"`
	Field    string `json:"field"`
	Readable int    `json:"readable"` // read as the field
	Other    int    `json:"other"`    // stay custom properties
	More     bool   `json:"more"`     // only the first 100 are counted
	Unknown  bool   `json:"unknown"`  // they cannot be counted
}

// planCommand prints what a spec would change in a store. It writes nothing there.
func planCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("gen plan", flag.ContinueOnError)
	c, code := beginStore(ctx, flags, args, stdout, stderr, func() bool { return false })
	if c == nil {
		return code
	}
	defer c.conn.close()
	plans, err := c.plan(ctx)
	if err == nil {
		err = c.print(plans)
	}
	if err != nil {
		fmt.Fprintf(stderr, "gen plan: %v\n", err)
		return exitFailed
	}
	for _, p := range plans {
		if len(p.Conflicts) > 0 {
			return exitFound
		}
	}
	return exitOK
}

func (c *storeCommand) plan(ctx context.Context) ([]typePlan, error) {
	changes, err := registry.PlanTypeChanges(ctx, c.conn.Client, c.catalog)
	if err != nil {
		return nil, err
	}
	moves, err := registry.MigrateAll(ctx, c.conn.Client, c.catalog, registry.WithDryRun())
	if err != nil {
		return nil, err
	}
	plans := []typePlan{}
	for i, t := range changes { // sorted by entity, as the catalog is
		p := typePlan{
			Entity: t.Entity, Type: t.TypeName, Kind: t.Kind.String(), New: t.New, Migrate: migrated(moves[i]),
			Add: declared(t.Add), Keep: declared(t.Keep), Conflicts: []propertyPlan{}, Custom: []customPlan{},
		}
		for _, x := range t.Conflicts {
			p.Conflicts = append(p.Conflicts,
				propertyPlan{Property: x.Property, Type: x.Spec.String(), Declared: x.Stored.String()})
		}
		for _, x := range t.CustomProperties {
			p.Custom = append(p.Custom, customPlan{x.Property, x.Field, x.Readable, x.Other, x.Truncated, x.Unknown})
		}
		formerNames(p.Keep, c.catalog[i].Type().Fields)
		if !t.New {
			if err := c.count(ctx, t.Kind, &p); err != nil {
				return nil, err
			}
		}
		plans = append(plans, p)
	}
	return plans, nil
}

func declared(decls []mlmd.PropertyDecl) []propertyPlan {
	out := []propertyPlan{}
	for _, d := range decls {
		out = append(out, propertyPlan{Property: d.Name, Type: d.Type.String()})
	}
	return out
}

// formerNames sets, in the properties that are former names of fields, the fields.
func formerNames(ps []propertyPlan, fields mlmd.Fields) {
	for i := range ps {
		for j := range fields {
			if slices.Contains(fields[j].LegacyNames, ps[i].Property) {
				ps[i].FormerOf = fields[j].Name
			}
		}
	}
}

// count counts the stored entities that p is about.
func (c *storeCommand) count(ctx context.Context, kind mlmd.Kind, p *typePlan) error {
	return stored.Each(ctx, c.conn.RPC(), kind, p.Type, func(n proto.Message) {
		p.Stored++
		props, _ := stored.Properties(n)
		for _, list := range [][]propertyPlan{p.Keep, p.Conflicts} {
			for i := range list {
				if props[list[i].Property].GetValue() != nil {
					list[i].Entities++
				}
			}
		}
	})
}

// print prints plans, and a summary of the types that do not change.
func (c *storeCommand) print(plans []typePlan) error {
	if c.json {
		return encodeJSON(c.stdout, struct {
			Store string     `json:"store"`
			Types []typePlan `json:"types"`
		}{c.conn.name, plans})
	}
	same, conflicts := 0, 0
	for _, p := range plans {
		conflicts += len(p.Conflicts)
		lines := p.lines()
		if lines == nil {
			same++
		}
		for _, l := range lines {
			fmt.Fprintln(c.stdout, l)
		}
	}
	_, err := fmt.Fprintf(c.stdout, "%s: %d types, %d unchanged, %d conflicts\n", c.conn.name, len(plans), same, conflicts)
	return err
}

// lines describes p: nil if nothing changes.
func (p typePlan) lines() (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	of := func(n int) string { return fmt.Sprintf("%d of %d entities", n, p.Stored) }
	if p.New {
		add("+ %s type %s, for %s, with %d properties", p.Kind, p.Type, p.Entity, len(p.Add))
		return out
	}
	for _, x := range p.Add {
		add("+ %s: property %s %s; %d entities are stored without it", p.Type, x.Property, x.Type, p.Stored)
	}
	for _, x := range p.Conflicts {
		add("! %s: property %s is %s in this store and %s in the spec: it stays %s, and writing it fails; %s have it",
			p.Type, x.Property, x.Declared, x.Type, x.Declared, of(x.Entities))
	}
	for _, x := range p.Keep {
		switch {
		case x.FormerOf != "":
			add("= %s: property %s %s is a former name of %s; %s have it",
				p.Type, x.Property, x.Type, x.FormerOf, of(x.Entities))
		case x.Entities > 0:
			add("= %s: property %s %s is not in the spec and stays; %s have it", p.Type, x.Property, x.Type, of(x.Entities))
		}
	}
	for _, x := range p.Custom {
		least := ""
		if x.More {
			least = "at least "
		}
		switch {
		case x.Unknown:
			add("? %s: custom properties named %s, like the property of %s, cannot be counted", p.Type, x.Property, x.Field)
		case x.Readable > 0:
			add("~ %s: custom property %s is read as %s; %s%s have it", p.Type, x.Property, x.Field, least, of(x.Readable))
		}
		if x.Other > 0 {
			add("~ %s: custom property %s stays one, beside %s; %s%s have it", p.Type, x.Property, x.Field, least, of(x.Other))
		}
	}
	if m := p.Migrate; m.Changed+m.Kept > 0 {
		add("> gen migrate: %s", m)
	}
	return out
}
