package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
)

// A Pair is a primary server and a synchronous standby. Both stop at the end of the
// test.
type Pair struct {
	Primary, Standby *Server
}

// A Server is one server of a pair.
type Server struct {
	Port int
	DB   *sql.DB // as an administrator
	proc *process
}

// Kill kills the server process.
func (s *Server) Kill() {
	_ = s.proc.cmd.Process.Kill()
	<-s.proc.ended
}

func (s *Server) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := s.DB.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// until waits until a query returns want.
func (s *Server) until(ctx context.Context, query, want string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		var got string
		err := s.DB.QueryRowContext(ctx, query).Scan(&got)
		if err == nil && got == want {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s answers %q and not %q: %w", query, got, want, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// start creates the data directory of a server and launches it.
func (s *Server) start(
	tb testing.TB, user, open string,
	command func(folder string, as *account) (answers string, program string, args []string, err error),
) error {
	folder, err := os.MkdirTemp("", "mlmd-pair-")
	if err != nil {
		return err
	}
	tb.Cleanup(func() { _ = os.RemoveAll(folder) })
	as, err := serverAccount(user, folder)
	if err != nil {
		return err
	}
	if s.Port, err = freePort(); err != nil {
		return err
	}
	dsn, program, args, err := command(folder, as)
	if err != nil {
		return err
	}
	if s.DB, err = sql.Open(open, dsn); err != nil {
		return err
	}
	s.DB.SetMaxIdleConns(1)
	tb.Cleanup(func() { _ = s.DB.Close() })
	s.proc, err = launch(
		folder, dsn, as, func(ctx context.Context) error { return s.DB.PingContext(ctx) }, program, args...,
	)
	if err == nil {
		tb.Cleanup(s.proc.stop)
	}
	return err
}

// PostgresPair starts a primary and a synchronous standby.
func PostgresPair(tb testing.TB) (*Pair, error) {
	tb.Helper()
	bin, err := postgresPrograms()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	p := &Pair{Primary: &Server{}, Standby: &Server{}}
	start := func(s *Server, makeData func(data string) []string) error {
		return s.start(tb, "postgres", "pgx", func(folder string, as *account) (string, string, []string, error) {
			data := filepath.Join(folder, "data")
			command := makeData(data)
			if err := prepare(folder, as, filepath.Join(bin, command[0]), command[1:]...); err != nil {
				return "", "", nil, err
			}
			dsn := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.Port)
			return dsn, filepath.Join(bin, "postgres"), []string{
				"-D", data, "-k", folder, "-h", "127.0.0.1", "-p", strconv.Itoa(s.Port), "-c", "fsync=off",
				"-c", "max_connections=100", "-c", "wal_level=replica", "-c", "hot_standby=on",
				"-c", "wal_retrieve_retry_interval=100ms", // delays a promotion after the loss of the primary
			}, nil
		})
	}
	err = start(p.Primary, func(data string) []string {
		return []string{
			"initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
			"--no-instructions",
		}
	})
	if err != nil {
		return nil, err
	}
	err = start(p.Standby, func(data string) []string {
		return []string{
			"pg_basebackup", "-h", "127.0.0.1", "-p", strconv.Itoa(p.Primary.Port), "-U", "postgres", "-D", data, "-R",
			"-X", "stream", "-c", "fast",
		}
	})
	if err != nil {
		return nil, err
	}
	if err := p.Primary.exec(
		tb.Context(), "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()",
	); err != nil {
		return nil, err
	}
	return p, p.Primary.until(tb.Context(), "SELECT COALESCE(MAX(sync_state), 'none') FROM pg_stat_replication", "sync")
}

// DemotePostgres makes the primary read-only and waits until the standby has caught up.
func (p *Pair) DemotePostgres(ctx context.Context) error {
	err := p.Primary.exec(ctx, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	if err == nil {
		// Wait for the end of write transactions.
		err = p.Primary.until(ctx, "SELECT COUNT(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL", "0")
	}
	if err != nil {
		return err
	}
	var at string
	if err := p.Primary.DB.QueryRowContext(ctx, "SELECT pg_current_wal_lsn()::text").Scan(&at); err != nil {
		return err
	}
	return p.Standby.until(ctx, "SELECT (pg_last_wal_replay_lsn() >= '"+at+"'::pg_lsn)::text", "true")
}

// PromotePostgres promotes the standby.
func (p *Pair) PromotePostgres(ctx context.Context) error {
	if err := p.Standby.exec(ctx, "SELECT pg_promote()"); err != nil {
		return err
	}
	return p.Standby.until(ctx, "SELECT pg_is_in_recovery()::text", "false")
}

// MySQLPair starts a primary and a semi-synchronous replica of MariaDB. The account
// "app" has all privileges except writes to a read-only server.
func MySQLPair(tb testing.TB) (*Pair, error) {
	tb.Helper()
	install, err := program("mariadb-install-db", "mysql_install_db")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	server, err := program("mariadbd", "/usr/sbin/mariadbd")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	p := &Pair{Primary: &Server{}, Standby: &Server{}}
	start := func(s *Server, id string, options ...string) error {
		return s.start(tb, "mysql", "mysql", func(folder string, as *account) (string, string, []string, error) {
			data := filepath.Join(folder, "data")
			if err := prepare(
				folder, as, install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal",
				"--skip-test-db",
			); err != nil {
				return "", "", nil, err
			}
			config := driver.NewConfig()
			config.User, config.Net, config.Addr = "root", "tcp", fmt.Sprintf("127.0.0.1:%d", s.Port)
			config.Logger = &driver.NopLogger{}
			return config.FormatDSN(), server, append([]string{
				"--no-defaults", "--datadir=" + data, "--socket=" + filepath.Join(folder, "s"), "--bind-address=127.0.0.1",
				"--port=" + strconv.Itoa(s.Port), "--pid-file=" + filepath.Join(folder, "pid"), "--server-id=" + id,
				"--log-bin=" + filepath.Join(data, "bin"), "--log-slave-updates", "--binlog-format=ROW",
				"--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M",
			}, options...), nil
		})
	}
	if err := start(p.Primary, "1", "--rpl-semi-sync-master-enabled=ON", "--rpl-semi-sync-master-timeout=600000",
		"--rpl-semi-sync-master-wait-point=AFTER_SYNC"); err != nil {
		return nil, err
	}
	if err := start(
		p.Standby, "2", "--rpl-semi-sync-slave-enabled=ON", "--read-only=ON", "--slave-net-timeout=5",
	); err != nil {
		return nil, err
	}
	ctx := tb.Context()
	err = p.Standby.exec(ctx, fmt.Sprintf(
		"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%d, MASTER_USER='root', MASTER_USE_GTID=slave_pos",
		p.Primary.Port,
	),
		"START SLAVE")
	if err == nil {
		err = p.Primary.until(
			ctx,
			"SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Rpl_semi_sync_master_clients'",
			"1",
		)
	}
	if err == nil {
		err = p.Primary.exec(ctx, "CREATE DATABASE mlmd", "CREATE USER app@'%'", "GRANT ALL ON mlmd.* TO app@'%'")
	}
	if err == nil {
		err = p.Standby.until(ctx, "SELECT COUNT(*) FROM mysql.user WHERE user = 'app'", "1")
	}
	return p, err
}

// DemoteMySQL makes the primary read-only and waits until the standby has caught up.
func (p *Pair) DemoteMySQL(ctx context.Context) error {
	if err := p.Primary.exec(ctx, "SET GLOBAL read_only = 1"); err != nil {
		return err
	}
	var at string
	if err := p.Primary.DB.QueryRowContext(ctx, "SELECT @@gtid_binlog_pos").Scan(&at); err != nil {
		return err
	}
	return p.Standby.until(ctx, "SELECT MASTER_GTID_WAIT('"+at+"', 30)", "0")
}

// PromoteMySQL promotes the standby after it has applied what it received.
func (p *Pair) PromoteMySQL(ctx context.Context) error {
	if err := p.Standby.exec(ctx, "STOP SLAVE IO_THREAD"); err != nil {
		return err
	}
	received, err := p.Standby.status(ctx, "Gtid_IO_Pos")
	if err != nil {
		return err
	}
	if err := p.Standby.until(ctx, "SELECT MASTER_GTID_WAIT('"+received+"', 30)", "0"); err != nil {
		return err
	}
	return p.Standby.exec(ctx, "STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = 0")
}

// status returns a column of SHOW SLAVE STATUS.
func (s *Server) status(ctx context.Context, column string) (string, error) {
	rows, err := s.DB.QueryContext(ctx, "SHOW SLAVE STATUS")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return "", err
	}
	values, targets := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	if !rows.Next() {
		return "", fmt.Errorf("the server is not a replica: %w", rows.Err())
	}
	if err := rows.Scan(targets...); err != nil {
		return "", err
	}
	for i, name := range names {
		if name == column {
			return values[i].String, nil
		}
	}
	return "", fmt.Errorf("the status has no %s", column)
}
