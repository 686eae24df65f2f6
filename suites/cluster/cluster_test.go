//go:build linux

// Package cluster_test runs stores against a cluster of three MariaDB servers
// that all take writes (Galera), and takes servers away meanwhile. The tests start
// the cluster themselves, of what is installed, in a temporary folder and on
// loopback. They run when MLMD_REQUIRE names "cluster", as make cluster does:
// they take minutes.
package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
)

type client = mlmdpb.MetadataStoreServiceClient

func TestMain(m *testing.M) {
	code := m.Run()
	shared.stop()
	os.Exit(code)
}

// shared is the cluster of all tests. One that takes nodes away puts them back.
var shared cluster

// A cluster is three nodes on one machine.
type cluster struct {
	once   sync.Once
	folder string
	nodes  [3]*node
	err    error
	number int // of databases so far
}

// theCluster is the cluster, whole.
func theCluster(t *testing.T) *cluster {
	t.Helper()
	required := strings.FieldsFunc(os.Getenv("MLMD_REQUIRE"), func(r rune) bool { return r == ',' || r == ' ' })
	if !slices.Contains(required, "cluster") {
		t.Skip("a cluster takes minutes: make cluster, which sets MLMD_REQUIRE=cluster")
	}
	shared.once.Do(func() {
		begun := time.Now()
		shared.err = shared.start(t.Context())
		t.Logf("the cluster of three took %v to start", time.Since(begun).Round(100*time.Millisecond))
	})
	if shared.err != nil {
		t.Fatalf("cluster is required by MLMD_REQUIRE: %v", shared.err)
	}
	shared.whole(t)
	return &shared
}

// whole waits until all nodes say that they are three.
func (c *cluster) whole(t *testing.T) {
	t.Helper()
	for _, n := range c.nodes {
		if err := n.wait(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
	}
}

// fresh is the name of a new database.
func (c *cluster) fresh() string {
	c.number++
	return fmt.Sprintf("mlmd_%d", c.number)
}

// open opens a database through a node.
func (n *node) open(t *testing.T, database string, opts ...store.Option) client {
	t.Helper()
	// What is logged of nodes that are taken away is long, and expected.
	opts = append(opts, store.WithLogger(slog.New(slog.DiscardHandler)))
	s, err := mysql.Open(t.Context(), n.dsn(database), opts...)
	if err != nil {
		t.Fatalf("node %d: %v", n.number, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("node %d: close: %v", n.number, err)
		}
	})
	return s.Client()
}

// everywhere opens a database through each node.
func (c *cluster) everywhere(t *testing.T, database string, opts ...store.Option) [3]client {
	t.Helper()
	var clients [3]client
	for i, n := range c.nodes {
		clients[i] = n.open(t, database, opts...)
	}
	return clients
}

// start makes the data of the first node, and lets the others copy it.
func (c *cluster) start(ctx context.Context) error {
	server, err := find("mariadbd", "/usr/sbin/mariadbd")
	if err != nil {
		return err
	}
	install, err := find("mariadb-install-db")
	if err != nil {
		return err
	}
	if _, err := find("rsync"); err != nil {
		return err
	}
	library, err := find("/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so",
		"/usr/lib64/galera/libgalera_smm.so")
	if err != nil {
		return err
	}
	if c.folder, err = os.MkdirTemp("", "mlmd-cluster-"); err != nil {
		return err
	}
	ports, err := freePorts(4 * len(c.nodes))
	if err != nil {
		return err
	}
	as, err := serverAccount(c.folder)
	if err != nil {
		return err
	}
	for i := range c.nodes {
		n := &node{number: i + 1, folder: filepath.Join(c.folder, fmt.Sprint("n", i+1)), server: server, as: as}
		n.port, n.group, n.transfer, n.copy, ports = ports[0], ports[1], ports[2], ports[3], ports[4:]
		c.nodes[i] = n
		if err := os.Mkdir(n.folder, 0o755); err != nil {
			return err
		}
		if err := n.makeData(); err != nil {
			return err
		}
		if as != nil {
			if err := os.Chown(n.folder, int(as.Uid), int(as.Gid)); err != nil {
				return err
			}
		}
	}
	for _, n := range c.nodes {
		if err := errors.Join(n.configure(library, c.nodes), n.connect()); err != nil {
			return err
		}
	}
	first := c.nodes[0]
	cmd := exec.CommandContext(ctx, install, "--defaults-file="+first.options(), "--wsrep-on=OFF", "--skip-test-db",
		"--auth-root-authentication-method=normal")
	cmd.Dir, cmd.SysProcAttr = first.folder, first.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the first node's data: %w: %s", err, out)
	}
	if err := first.launch("--wsrep-new-cluster"); err != nil {
		return err
	}
	if err := first.wait(ctx, 1); err != nil {
		return err
	}
	for i, n := range c.nodes[1:] {
		if err := n.launch(); err != nil {
			return err
		}
		if err := n.wait(ctx, i+2); err != nil {
			return err
		}
	}
	return nil
}

// stop kills what runs, and removes the data.
func (c *cluster) stop() {
	for _, n := range c.nodes {
		if n != nil && n.cmd != nil {
			_ = n.cmd.Process.Kill()
			<-n.ended
		}
	}
	if c.folder != "" {
		_ = os.RemoveAll(c.folder)
	}
}

// find is the first of several programs or files that is there.
func find(names ...string) (string, error) {
	for _, name := range names {
		if filepath.IsAbs(name) {
			if _, err := os.Stat(name); err == nil {
				return name, nil
			}
		} else if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: the tests need mariadb-server, galera-4 and rsync", names[0])
}

// freePorts returns n ports on which no process listens.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
