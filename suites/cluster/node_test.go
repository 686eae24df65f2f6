//go:build linux

package cluster_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
)

// patience is how long a node may take for anything.
const patience = 2 * time.Minute

// A node is one server of the cluster, and lasts as long as the cluster.
type node struct {
	number                int
	folder                string
	port                  int // for clients
	group, transfer, copy int // for the other nodes
	server                string
	as                    *syscall.Credential

	cmd   *exec.Cmd // nil: it does not run
	ended chan struct{}
	db    *sql.DB // as root
}

func (n *node) data() string { return filepath.Join(n.folder, "data") }

// dsn is that of a database on this node. Nothing but the tests' own deadlines
// ends a call.
func (n *node) dsn(database string) string {
	return fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s", n.port, database)
}

// configure writes the options, with the addresses of all nodes.
func (n *node) configure(library string, all [3]*node) error {
	var members []string
	for _, m := range all {
		members = append(members, fmt.Sprintf("127.0.0.1:%d", m.group))
	}
	options := []string{
		"[mariadbd]", "datadir=" + n.data(), "socket=s.sock", "pid-file=server.pid",
		"bind-address=127.0.0.1", "port=" + strconv.Itoa(n.port), "skip-name-resolve", "max_connections=300",
		"character-set-server=utf8mb4", "performance_schema=OFF", "innodb_buffer_pool_size=64M", "innodb_log_file_size=32M",
		"innodb_flush_log_at_trx_commit=2", // a killed process loses nothing
		"binlog_format=ROW", "default_storage_engine=InnoDB", "innodb_autoinc_lock_mode=2",
		"wsrep_on=ON", "wsrep_provider=" + library, "wsrep_cluster_name=mlmd-tests", "wsrep_cluster_address=gcomm://" + strings.Join(members, ","),
		fmt.Sprintf("wsrep_node_name=node%d", n.number), fmt.Sprintf("wsrep_node_address=127.0.0.1:%d", n.group),
		fmt.Sprintf("wsrep_node_incoming_address=127.0.0.1:%d", n.port), "wsrep_slave_threads=2",
		"wsrep_mode=REQUIRED_PRIMARY_KEY", // as Percona's clusters have it: no row without a key is written
		"wsrep_sst_method=rsync", fmt.Sprintf("wsrep_sst_receive_address=127.0.0.1:%d", n.copy),
		fmt.Sprintf(`wsrep_provider_options="gmcast.listen_addr=tcp://127.0.0.1:%d;ist.recv_addr=127.0.0.1:%d;ist.recv_bind=127.0.0.1:%d;gcache.size=32M"`,
			n.group, n.transfer, n.transfer),
	}
	return os.WriteFile(n.options(), []byte(strings.Join(options, "\n")+"\n"), 0o644)
}

func (n *node) options() string { return filepath.Join(n.folder, "my.cnf") }

func (n *node) log() string { return filepath.Join(n.folder, "server.log") }

// launch starts the server and returns at once.
func (n *node) launch(args ...string) error {
	out, err := os.OpenFile(n.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	n.cmd = exec.Command(n.server, append([]string{"--defaults-file=" + n.options()}, args...)...)
	n.cmd.Stdout, n.cmd.Stderr, n.cmd.Dir = out, out, n.folder
	n.cmd.SysProcAttr = n.attributes()
	if err := n.cmd.Start(); err != nil {
		n.cmd = nil
		return err
	}
	n.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(n.cmd, n.ended)
	return nil
}

// attributes: a group of its own, with the processes that copy data, and no life
// after that of the tests.
func (n *node) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: n.as}
}

// launchAgain starts the server on its data, from the transaction where it ended.
func (n *node) launchAgain() error {
	var out bytes.Buffer
	recover := exec.Command(n.server, "--defaults-file="+n.options(), "--wsrep-recover")
	recover.Stdout, recover.Stderr, recover.Dir, recover.SysProcAttr = &out, &out, n.folder, n.attributes()
	if err := recover.Run(); err != nil {
		return fmt.Errorf("node %d: where did it end: %w\n%s", n.number, err, out.String())
	}
	_, after, found := strings.Cut(out.String(), "WSREP: Recovered position: ")
	if !found {
		return fmt.Errorf("node %d does not say where it ended:\n%s", n.number, out.String())
	}
	return n.launch("--wsrep-start-position=" + strings.Fields(after)[0])
}

func (n *node) signal(tb testing.TB, s syscall.Signal) {
	tb.Helper()
	if err := syscall.Kill(-n.cmd.Process.Pid, s); err != nil {
		tb.Fatalf("node %d: %v", n.number, err)
	}
}

// kill ends the server as the loss of its process does.
func (n *node) kill(tb testing.TB) {
	tb.Helper()
	n.signal(tb, syscall.SIGKILL)
	<-n.ended
	n.cmd = nil
}

// pause freezes the server: its port accepts connections, but no request is
// answered.
func (n *node) pause(tb testing.TB) { tb.Helper(); n.signal(tb, syscall.SIGSTOP) }

func (n *node) resume(tb testing.TB) { tb.Helper(); n.signal(tb, syscall.SIGCONT) }

// status is what the server says of the cluster: how many nodes it sees, and
// whether it is one of a majority and has all data.
func (n *node) status(ctx context.Context) (size string, ready bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	rows, err := n.db.QueryContext(ctx, "SHOW STATUS LIKE 'wsrep%'")
	if err != nil {
		return "", false, err
	}
	defer rows.Close()
	says := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return "", false, err
		}
		says[name] = value
	}
	ready = says["wsrep_ready"] == "ON" && says["wsrep_cluster_status"] == "Primary" &&
		says["wsrep_local_state_comment"] == "Synced"
	return says["wsrep_cluster_size"], ready, rows.Err()
}

// errEnded is why a node does not get ready.
var errEnded = errors.New("the server has ended")

// bringBack starts nodes that were killed. One that had stored what the majority
// never had is refused by the others; as its operator would, it copies their data.
func bringBack(t *testing.T, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		if err := n.launchAgain(); err != nil {
			t.Fatal(err)
		}
	}
	errs := make([]error, len(nodes))
	var all sync.WaitGroup
	for i, n := range nodes { // at once: one that does not come keeps the others from being three
		all.Go(func() {
			err := n.wait(t.Context(), 3)
			if errors.Is(err, errEnded) {
				t.Logf("node %d had more than the majority, and copies their data", n.number)
				if err = errors.Join(os.RemoveAll(n.data()), n.makeData(), n.launch()); err == nil {
					err = n.wait(t.Context(), 3)
				}
			}
			errs[i] = err
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// makeData makes an empty folder for data.
func (n *node) makeData() error {
	if err := os.Mkdir(n.data(), 0o700); err != nil || n.as == nil {
		return err
	}
	return os.Chown(n.data(), int(n.as.Uid), int(n.as.Gid))
}

// wait ends when the node says that it is ready in a cluster of that size.
func (n *node) wait(ctx context.Context, size int) error {
	end := time.Now().Add(patience)
	for {
		got, ready, err := n.status(ctx)
		switch {
		case err == nil && ready && got == strconv.Itoa(size):
			return nil
		case time.Now().After(end):
			return fmt.Errorf("node %d is not ready among %d nodes: it sees %s (last error: %v)\n%s", n.number, size, got, err,
				n.lastLines())
		}
		select {
		case <-n.ended:
			return fmt.Errorf("node %d: %w\n%s", n.number, errEnded, n.lastLines())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (n *node) lastLines() string {
	text, _ := os.ReadFile(n.log())
	return string(text[max(0, len(text)-3000):])
}

// connect makes the handle with which the tests look at the node. It opens a
// connection for each use: one that a pause has broken must not be met again.
func (n *node) connect() error {
	config, err := driver.ParseDSN(n.dsn(""))
	if err != nil {
		return err
	}
	config.Timeout, config.ReadTimeout = 3*time.Second, 20*time.Second
	config.Logger = log.New(io.Discard, "", 0) // it would report every try
	connector, err := driver.NewConnector(config)
	if err != nil {
		return err
	}
	n.db = sql.OpenDB(connector)
	n.db.SetMaxIdleConns(0)
	return nil
}

// serverAccount is whom the servers run as, and who must own their folder: not
// root, which MariaDB refuses.
func serverAccount(folder string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("mysql")
	if err != nil {
		return nil, err
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	if err := errors.Join(uidErr, gidErr, os.Chown(folder, uid, gid)); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
