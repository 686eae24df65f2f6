package testdb

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// PgBouncer starts a pooler in transaction mode for dsn, which [Postgres] returned, and
// returns the DSN of the pooler. It stops the pooler at the end of the test. The pooler
// uses two server connections for each database.
func PgBouncer(tb testing.TB, dsn string) (string, error) {
	tb.Helper()
	bouncer, err := program("pgbouncer", "/usr/sbin/pgbouncer")
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNone, err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", "mlmd-pgbouncer-")
	if err != nil {
		return "", err
	}
	tb.Cleanup(func() { _ = os.RemoveAll(folder) })
	as, err := serverAccount("postgres", folder)
	if err != nil {
		return "", err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	settings := []string{
		"[databases]",
		fmt.Sprintf("* = host=%s port=%s user=%s", u.Hostname(), u.Port(), u.User.Username()),
		"[pgbouncer]", "listen_addr = 127.0.0.1", fmt.Sprintf("listen_port = %d", port), "unix_socket_dir =",
		"auth_type = any",
		"pool_mode = transaction", "default_pool_size = 2", "max_client_conn = 300",
	}
	if err := os.WriteFile(
		filepath.Join(folder, "pgbouncer.ini"), []byte(strings.Join(settings, "\n")+"\n"), 0o644,
	); err != nil {
		return "", err
	}
	u.Host = fmt.Sprintf("127.0.0.1:%d", port)
	p, err := launch(folder, u.String(), as,
		func(ctx context.Context) error {
			return runPostgres(ctx, u.String()+"&default_query_exec_mode=exec", "SELECT 1")
		},
		bouncer, filepath.Join(folder, "pgbouncer.ini"))
	if err != nil {
		return "", err
	}
	tb.Cleanup(p.stop)
	return p.dsn, nil
}
