package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"time"

	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/rest"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"

	"example.com/features/generated/edge"
	"example.com/features/generated/field"
	"example.com/features/generated/mapping"
	"example.com/features/generated/restapi"
	"example.com/features/generated/schema"
)

func main() {
	address := flag.String("http", "", "address to serve the entities on as a REST API, such as 127.0.0.1:8080")
	flag.Parse()
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	reg := registry.New(store.Client())
	if err := run(ctx, reg); err != nil {
		log.Fatal(err)
	}
	if err := record(ctx, reg); err != nil {
		log.Fatal(err)
	}
	if *address != "" {
		log.Fatal(serve(ctx, *address, reg))
	}
}

// serve answers HTTP requests about the entities. It writes its URL once it
// listens.
func serve(ctx context.Context, address string, reg *registry.Client) error {
	h, err := rest.NewHandler(reg, restapi.APIs)
	if err != nil {
		return err
	}
	lis, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s%s/openapi.json\n", lis.Addr(), restapi.V1.Base)
	return rest.Serve(ctx, lis, h, 0)
}

// run stores a group with a table and the job that made it, and then finds the table.
func run(ctx context.Context, reg *registry.Client) error {
	groups := registry.NewCollection(reg, mapping.FeatureGroup)
	tables := registry.NewCollection(reg, mapping.FeatureTable)
	jobs := registry.NewCollection(reg, mapping.Materialization)

	// Register sets the group's ID in the table and in the job.
	group := schema.FeatureGroup{Name: "payments", Team: "fraud-detection"}
	table := schema.FeatureTable{
		Name:   "transactions",
		Format: schema.TableFormatParquet,
		Rows:   new(int64(2_500_000)),
		Columns: []schema.Column{
			{Name: "amount", Type: schema.ColumnTypeNumber},
			{Name: "at", Type: schema.ColumnTypeTime, Nullable: new(true)},
		},
		Tags:   []string{"daily", "pii"},
		URI:    new("s3://features/transactions"),
		Source: schema.Source{Value: &schema.QuerySource{SQL: "SELECT amount, at FROM payments"}},
	}
	day := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	job := schema.Materialization{
		Name:           "2024-05-01",
		Window:         &schema.MaterializationWindow{From: day, To: day.AddDate(0, 0, 1)},
		LastKnownState: new(schema.ExecutionStateComplete),
	}
	if _, err := reg.Register(ctx, groups.Entity(&group), tables.Entity(&table), jobs.Entity(&job)); err != nil {
		return err
	}

	f := field.FeatureTable
	large := tables.ChildrenOf(group.ID).Where(f.Rows.Gt(1e6), f.Source.QuerySource.SQL.Contains("payments"))
	for t, err := range large.All(ctx) {
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d rows, %d columns, %s, %s\n", t.Name, *t.Rows, len(t.Columns), t.Format, origin(t.Source))
	}
	return nil
}

// origin describes where the rows of a table come from.
func origin(s schema.Source) string {
	switch from := s.Value.(type) {
	case *schema.FileSource:
		return "from the file " + from.Path
	case *schema.QuerySource:
		return "by " + from.SQL
	case *schema.UnknownSource:
		return "from a " + s.Kind() + ", which this program does not know"
	}
	return "from somewhere"
}

// record stores a job with what it read and made, and asks what was made from the
// table that it read.
func record(ctx context.Context, reg *registry.Client) error {
	groups := registry.NewCollection(reg, mapping.FeatureGroup)
	tables := registry.NewCollection(reg, mapping.FeatureTable)
	jobs := registry.NewCollection(reg, mapping.Materialization)
	group, err := groups.FindByName(ctx, "payments")
	if err != nil {
		return err
	}
	table, err := tables.FindByNameIn(ctx, group.ID, "transactions")
	if err != nil {
		return err
	}
	totals := schema.FeatureTable{FeatureGroupID: group.ID, Name: "totals", Format: schema.TableFormatParquet}
	job := schema.Materialization{FeatureGroupID: group.ID, Name: "totals of 2024-05-01"}
	_, err = registry.Record(ctx, jobs, &job, edge.Materialization.Read.To(table), edge.Materialization.Made.To(&totals))
	if err != nil {
		return err
	}
	table, err = tables.Get(ctx, table.ID, registry.With(edge.FeatureTable.ReadBy.With(edge.Materialization.Made)))
	if err != nil {
		return err
	}
	fmt.Println(table.Name, "->", table.Edges.ReadBy[0].Edges.Made[0].Name)
	return nil
}
