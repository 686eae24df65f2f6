package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

const fairVariable = "MLMD_FAIR_FILE"

// Two processes that write to one file without a pause must both make progress. The
// test logs the duration of calls.
func TestWriters_Fairness(t *testing.T) {
	if path := os.Getenv(fairVariable); path != "" {
		writeWithoutPause(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "r.db")
	closed(t, path)
	var started []*exec.Cmd
	var outputs [2]strings.Builder
	for i := range 2 {
		cmd := startAgain(t, fairVariable, path)
		cmd.Stdout, cmd.Stderr = &outputs[i], &outputs[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		started = append(started, cmd)
	}
	for i, cmd := range started {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, &outputs[i])
		}
		for line := range strings.Lines(outputs[i].String()) {
			if strings.Contains(line, "calls;") {
				t.Log(strings.TrimSpace(line))
			}
		}
	}
	if n := len(stored(t, path)); n == 0 {
		t.Error("nothing is stored")
	}
}

// startAgain runs one test of this program in another process, with a variable set to
// a path.
func startAgain(t *testing.T, variable, path string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), variable+"="+path)
	return cmd
}

func writeWithoutPause(t *testing.T, path string) {
	c := clientOf(t, must(sqlite.Open(t.Context(), path)))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var took []time.Duration
	for i := 0; ; i++ {
		begun := time.Now()
		err := tryPut(ctx, c, fmt.Sprint(os.Getpid(), "-", i))
		if status.Code(err) == codes.DeadlineExceeded {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	n := len(took)
	if n == 0 {
		t.Fatal("no call succeeded")
	}
	t.Logf("%d calls; p50 %v, p99 %v, longest %v", n, took[n/2], took[n*99/100], took[n-1])
}
