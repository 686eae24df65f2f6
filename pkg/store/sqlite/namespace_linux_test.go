package sqlite_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// namespaceScenarios run in a separate mount namespace, where they can mount file
// systems. Each gets a directory outside of it.
var namespaceScenarios = map[string]func(t *testing.T, dir string){
	"a root that cannot be written":   readOnlyRoot,
	"a folder that cannot be written": readOnlyFolder,
	"a full disk":                     fullDisk,
	"a new store on a full disk":      newOnFullDisk,
}

const scenarioVariable = "MLMD_NAMESPACE_SCENARIO"

func TestMountNamespace(t *testing.T) {
	if name := os.Getenv(scenarioVariable); name != "" {
		namespaceScenarios[name](t, os.Getenv(scenarioVariable+"_DIR"))
		return
	}
	for name := range namespaceScenarios {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMountNamespace$", "-test.v")
			cmd.Env = append(os.Environ(), scenarioVariable+"="+name, scenarioVariable+"_DIR="+t.TempDir())
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
			if uid := os.Getuid(); uid != 0 {
				cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
				cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
				cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
			}
			out, err := cmd.CombinedOutput()
			var ended *exec.ExitError
			switch {
			case err != nil && !errors.As(err, &ended) && os.Getenv("CI") == "":
				t.Skipf("no namespace can be made here: %v", err)
			case err != nil || !strings.Contains(string(out), "--- PASS: TestMountNamespace"):
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// mount runs the mount command. Its mounts end with the process.
func mount(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
		t.Fatalf("mount %q: %v: %s", args, err, out)
	}
}

// models returns a request with n artifacts.
func models(typeID *int64, prefix string, n int) *mlmdpb.PutArtifactsRequest {
	return &mlmdpb.PutArtifactsRequest{Artifacts: many(n, func(i int) *mlmdpb.Artifact {
		return model(typeID, fmt.Sprint(prefix, "-", i), 1)
	})}
}

func readOnlyRoot(t *testing.T, dir string) {
	mount(t, "--make-rprivate", "/")
	mount(t, "--bind", dir, "/mnt")
	for _, folder := range []string{"/tmp", "/var/tmp"} {
		mount(t, "-t", "tmpfs", "-o", "ro", "none", folder)
	}
	mount(t, "-o", "remount,bind,ro", "/")
	if err := os.Chdir("/"); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"/", "/tmp", "/var/tmp"} {
		if f, err := os.CreateTemp(folder, "x"); err == nil {
			t.Fatalf("%s can be written: %s", folder, f.Name())
		}
	}
	const path = "/mnt/r.db"
	s := must(sqlite.Open(t.Context(), path))
	c := s.Client()
	typeID := modelType(t, c)
	for i, n := range []int{200, 5000} {
		put := must2(c.PutArtifacts(t.Context(), models(typeID, fmt.Sprint("put", i), n)))
		again := models(typeID, "", n)
		for j, a := range again.Artifacts {
			a.Id, a.Name, a.CustomProperties["stage"] = &put.ArtifactIds[j], nil, &mlmdpb.Value{
				Value: &mlmdpb.Value_StringValue{StringValue: strings.Repeat("x", 300)},
			}
		}
		must2(c.PutArtifacts(t.Context(), again))
	}
	must2(c.GetArtifacts(t.Context(), &mlmdpb.GetArtifactsRequest{Options: &mlmdpb.ListOperationOptions{
		MaxResultSize: proto.Int32(100), FilterQuery: proto.String("uri LIKE '%1%'"),
		OrderByField: &mlmdpb.ListOperationOptions_OrderByField{
			Field: mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME.Enum(),
		},
	}}))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	must2(sqlite.Migrate(t.Context(), path, store.WithTargetVersion(5)))
	must2(sqlite.Migrate(t.Context(), path))
	if n := count(t, clientOf(t, must(sqlite.Open(t.Context(), path)))); n != 5200 {
		t.Errorf("%d artifacts", n)
	}
}

func readOnlyFolder(t *testing.T, dir string) {
	closed(t, filepath.Join(dir, "wal.db"), "a")
	closed(t, filepath.Join(dir, "old.db"), "a")
	execute(t, filepath.Join(dir, "old.db"), "PRAGMA journal_mode = DELETE")
	leaveLog(t, dir)
	mount(t, "--make-rprivate", "/")
	mount(t, "--bind", dir, "/mnt")
	mount(t, "-o", "remount,bind,ro", "/mnt")
	for _, name := range []string{
		"/mnt/old.db", "file:/mnt/old.db?mode=ro", "file:/mnt/old.db?immutable=1", "file:/mnt/wal.db?immutable=1",
		"file:/mnt/wal.db?mode=ro&immutable=1",
	} {
		s, err := sqlite.Open(t.Context(), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		same(t, name, names(t, s.Client()), []string{"a"})
		if err := tryPut(t.Context(), s.Client(), "b"); status.Code(err) != codes.FailedPrecondition {
			t.Errorf("%s: a put: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: closing: %v", name, err)
		}
	}
	for _, name := range []string{"/mnt/wal.db", "/mnt/old.db", "file:/mnt/wal.db?mode=ro", "file:/mnt/wal.db"} {
		s, err := sqlite.Open(t.Context(), name, store.WithReadOnly())
		if err != nil {
			t.Errorf("%s, read-only: %v", name, err)
			continue
		}
		same(t, name, names(t, s.Client()), []string{"a"})
		if err := tryPut(t.Context(), s.Client(), "b"); status.Code(err) != codes.FailedPrecondition {
			t.Errorf("%s, read-only: a put: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s, read-only: closing: %v", name, err)
		}
	}
	_, err := sqlite.Open(t.Context(), "/mnt/log.db", store.WithReadOnly())
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "log.db-wal has changes") {
		t.Errorf("with a log: %v", err)
	}
	for _, name := range []string{"/mnt/wal.db", "file:/mnt/wal.db?mode=ro"} {
		_, err := sqlite.Open(t.Context(), name)
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "file:/mnt/wal.db?immutable=1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// leaveLog copies a database that is in use, without its shared memory, to log.db.
func leaveLog(t *testing.T, dir string) {
	path := filepath.Join(t.TempDir(), "r.db")
	s := must(sqlite.Open(t.Context(), path))
	defer s.Close()
	putAll(t, s.Client(), "a")
	for _, suffix := range []string{"", "-wal"} {
		if err := os.WriteFile(filepath.Join(dir, "log.db"+suffix), contentOf(t, path+suffix), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// fillDisk uses up the free space of a disk.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	f := must2(os.Create(path))
	defer f.Close()
	for _, size := range []int{1 << 16, 1 << 12, 1} {
		for {
			if _, err := f.Write(make([]byte, size)); err != nil {
				break
			}
		}
	}
}

func fullDisk(t *testing.T, _ string) {
	mount(t, "--make-rprivate", "/")
	mount(t, "-t", "tmpfs", "-o", "size=4m", "none", "/mnt")
	if err := os.WriteFile("/mnt/reserve", make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := must(sqlite.Open(t.Context(), "/mnt/r.db"))
	c := s.Client()
	typeID := modelType(t, c)
	acknowledged, refused := 0, 0
	for i := 0; refused < 30; i++ {
		_, err := c.PutArtifacts(t.Context(), models(typeID, fmt.Sprint("batch", i), 100))
		switch status.Code(err) {
		case codes.OK:
			acknowledged++
		case codes.ResourceExhausted:
			refused++
		default:
			t.Fatalf("batch %d: %v", i, err)
		}
	}
	if n := count(t, c); n != 100*acknowledged || acknowledged == 0 {
		t.Errorf("%d artifacts after %d batches of 100", n, acknowledged)
	}
	if err := os.Remove("/mnt/reserve"); err != nil {
		t.Fatal(err)
	}
	must2(c.PutArtifacts(t.Context(), models(typeID, "more", 100)))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := len(stored(t, "/mnt/r.db")); n != 100*(acknowledged+1) {
		t.Errorf("%d artifacts are stored after %d batches of 100", n, acknowledged+1)
	}
}

func newOnFullDisk(t *testing.T, _ string) {
	mount(t, "--make-rprivate", "/")
	mount(t, "-t", "tmpfs", "-o", "size=4m", "none", "/mnt")
	fillDisk(t, "/mnt/filler")
	if _, err := sqlite.Open(t.Context(), "/mnt/r.db"); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		absent(t, "/mnt/r.db"+suffix)
	}
	if err := os.Remove("/mnt/filler"); err != nil {
		t.Fatal(err)
	}
	putAll(t, clientOf(t, must(sqlite.Open(t.Context(), "/mnt/r.db"))), "a")
}
