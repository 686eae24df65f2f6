//go:build stores

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mlmd-go/sdk/pkg/registry"
)

// A migrated counts what a migration did with the entities of one type.
type migrated struct {
	Entity    string `json:"entity"`
	Complete  bool   `json:"complete"` // by the store's record: nothing was read
	Examined  int    `json:"examined"`
	Changed   int    `json:"changed"`
	Retried   int    `json:"retried"`
	Renamed   int    `json:"renamed"`
	Converted int    `json:"converted"`
	Members   int    `json:"members"`
	Custom    int    `json:"custom"`
	Dropped   int    `json:"dropped"`
	Kept      int    `json:"kept"`

	Transformed int      `json:"-"`                 // only programs transform
	KeptIDs     []string `json:"keptIDs,omitempty"` // of the first 100 entities with values that are left
}

// String describes m in one line.
func (m migrated) String() string {
	if m.Complete {
		return m.Entity + ": complete, says the record in the store"
	}
	var parts []string
	for _, c := range []struct {
		n    int
		what string
	}{
		{m.Renamed, "moved from a former name"},
		{m.Converted, "moved and converted"},
		{m.Members, "with renamed members"},
		{m.Custom, "moved from a custom property"},
		{m.Dropped, "dropped under a former name"},
		{m.Kept, "left as they are"},
	} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	out := fmt.Sprintf("%s: %d read, %d changed", m.Entity, m.Examined, m.Changed)
	if m.Retried > 0 {
		out += fmt.Sprintf(", %d read again", m.Retried)
	}
	if len(parts) > 0 {
		out += "; values: " + strings.Join(parts, ", ")
	}
	return out
}

// migrateCommand brings stored entities into the form that the spec describes.
func migrateCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("gen migrate", flag.ContinueOnError)
	dry := flags.Bool("dry-run", false, "count, and write nothing")
	force := flags.Bool("force", false, "read all entities, also those that the record in the store calls done")
	c, code := beginStore(ctx, flags, args, stdout, stderr, func() bool { return !*dry })
	if c == nil {
		return code
	}
	defer c.conn.close()
	var opts []registry.MigrateOption
	if *dry {
		opts = append(opts, registry.WithDryRun())
	}
	if *force {
		opts = append(opts, registry.WithForce())
	}
	next := time.Now().Add(time.Second)
	opts = append(opts, registry.WithProgress(func(m registry.Migration) {
		if now := time.Now(); now.After(next) {
			next = now.Add(time.Second)
			fmt.Fprintf(stderr, "%s: %d read, %d changed\n", m.Entity, m.Examined, m.Changed)
		}
	}))
	done, err := registry.MigrateAll(ctx, c.conn.Client, c.catalog, opts...)
	out := struct {
		Store  string     `json:"store"`
		DryRun bool       `json:"dryRun"`
		Types  []migrated `json:"types"`
	}{c.conn.name, *dry, []migrated{}}
	var all migrated
	for _, m := range done {
		out.Types = append(out.Types, migrated(m))
		all.Examined, all.Changed, all.Kept = all.Examined+m.Examined, all.Changed+m.Changed, all.Kept+m.Kept
	}
	if c.json {
		if err := encodeJSON(stdout, out); err != nil {
			fmt.Fprintln(stderr, err)
			return exitFailed
		}
	} else {
		for _, m := range out.Types {
			if m.Complete || m.Examined > 0 {
				fmt.Fprintln(stdout, m)
			}
			if m.KeptIDs != nil {
				fmt.Fprintf(stdout, "%s: values are left in the entities with the IDs %s\n",
					m.Entity, strings.Join(m.KeptIDs, ", "))
			}
		}
		did := "changed"
		if *dry {
			did = "would change"
		}
		fmt.Fprintf(stdout, "%s: %d entities read, %d %s, %d values left as they are\n",
			c.conn.name, all.Examined, all.Changed, did, all.Kept)
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "gen migrate: %v\nrun it again: it goes on where it ended\n", err)
		return exitFailed
	case all.Kept > 0:
		return exitFound
	}
	return exitOK
}
