// Command writers measures upserts of new registered models by one to 64 writers at
// once: embedded on a file, embedded in memory, and over gRPC to a server with a file.
//
//	go run ./bench/writers [-duration 4s] [-writers 1,4,16,64]
//
// It prints a line for each, with the upserts per second and the median and the 99th
// percentile of their times.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/mlmd-go/sdk/bench/internal/loopback"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func main() {
	duration := flag.Duration("duration", 4*time.Second, "how long each measurement takes")
	writers := flag.String("writers", "1,4,16,64", "the numbers of writers")
	flag.Parse()
	log.SetFlags(0)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "store\twriters\tupserts/s\tp50\tp99")
	for _, kind := range []string{"file", "gRPC, file", "memory"} {
		for text := range strings.SplitSeq(*writers, ",") {
			n, err := strconv.Atoi(text)
			if err != nil {
				log.Fatalf("writers: -writers has %q: want numbers, separated by commas", text)
			}
			took, err := measure(kind, n, *duration)
			if err != nil {
				log.Fatalf("writers: %s with %d writers: %v", kind, n, err)
			}
			slices.Sort(took)
			fmt.Fprintf(out, "%s\t%d\t%.0f\t%v\t%v\n", kind, n, float64(len(took))/duration.Seconds(),
				took[len(took)/2].Round(10*time.Microsecond), took[len(took)*99/100].Round(10*time.Microsecond))
			out.Flush()
		}
	}
}

// measure returns the times of the upserts of n writers.
func measure(kind string, n int, duration time.Duration) ([]time.Duration, error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "writers")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s, err := open(ctx, kind, dir)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	reg := registry.New(s.Client())
	if kind == "gRPC, file" {
		var stop func() error
		if reg, stop, err = loopback.Serve(s); err != nil {
			return nil, err
		}
		defer stop()
	}
	if _, err := reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "the type"}); err != nil {
		return nil, err
	}
	all := make([][]time.Duration, n)
	errs := make([]error, n)
	end := time.Now().Add(duration)
	var wg sync.WaitGroup
	for w := range n {
		wg.Go(func() {
			for i := 0; time.Now().Before(end) && errs[w] == nil; i++ {
				began := time.Now()
				_, errs[w] = reg.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: fmt.Sprintf("m%d-%d", w, i)})
				all[w] = append(all[w], time.Since(began))
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(all...), nil
}

func open(ctx context.Context, kind, dir string) (*store.Store, error) {
	if kind == "memory" {
		return sqlite.OpenMemory(ctx)
	}
	return sqlite.Open(ctx, filepath.Join(dir, "registry.db"))
}
