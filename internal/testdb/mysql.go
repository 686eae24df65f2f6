package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"path/filepath"
	"strconv"
	"testing"

	driver "github.com/go-sql-driver/mysql"
)

var mysql = server{variable: "MLMD_TEST_MYSQL", start: startMySQL}

// MySQL creates an empty database on MySQL or MariaDB and returns its DSN,
// user:password@tcp(host:port)/name. It drops the database at the end of the test. It
// returns an error if no server is available.
func MySQL(tb testing.TB) (string, error) {
	tb.Helper()
	dsn, err := mysql.get()
	if err != nil {
		return "", err
	}
	config, err := driver.ParseDSN(dsn)
	if err != nil {
		return "", fmt.Errorf("MLMD_TEST_MYSQL: %w", err)
	}
	name := freshName()
	if err := runMySQL(tb.Context(), config, "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("make a database for the test: %w", err)
	}
	dropAfter(tb, func(ctx context.Context) error { return runMySQL(ctx, config, "DROP DATABASE "+name) })
	fresh := config.Clone()
	fresh.DBName = name
	return fresh.FormatDSN(), nil
}

func startMySQL(folder string) (*process, error) {
	install, err := program("mariadb-install-db", "mysql_install_db")
	if err != nil {
		return nil, err
	}
	server, err := program("mariadbd", "/usr/sbin/mariadbd", "mysqld", "/usr/sbin/mysqld")
	if err != nil {
		return nil, err
	}
	as, err := serverAccount("mysql", folder)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	if err := prepare(folder, as, install, "--no-defaults", "--datadir="+data,
		"--auth-root-authentication-method=normal", "--skip-test-db"); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	config := driver.NewConfig()
	config.User, config.Net, config.Addr = "root", "tcp", fmt.Sprintf("127.0.0.1:%d", port)
	args := []string{
		"--no-defaults", "--datadir=" + data, "--socket=" + filepath.Join(folder, "s"), "--bind-address=127.0.0.1",
		"--port=" + strconv.Itoa(port), "--pid-file=" + filepath.Join(folder, "pid"), "--max-connections=300",
		// The default of Debian; that of the server is latin1.
		"--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci",
		"--skip-log-bin",
	}
	if !durable {
		args = append(args, "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0",
			"--innodb-buffer-pool-size=64M", "--innodb-flush-method=nosync", "--innodb-file-per-table=0")
	}
	return launch(folder, config.FormatDSN(), as,
		func(ctx context.Context) error { return runMySQL(ctx, config, "SELECT 1") }, server, args...)
}

func runMySQL(ctx context.Context, config *driver.Config, statement string) error {
	quiet := config.Clone()
	quiet.Logger = log.New(io.Discard, "", 0) // it would report every attempt before the server is ready
	connector, err := driver.NewConnector(quiet)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}
