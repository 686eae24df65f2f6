package mysql

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// parse parses a DSN of either form and adds the settings that the store requires.
func parse(dsn string) (*mysql.Config, error) {
	var config *mysql.Config
	var err error
	if strings.HasPrefix(dsn, "mysql://") {
		config, err = fromURL(dsn)
	} else {
		config, err = mysql.ParseDSN(dsn) // its errors do not quote the DSN
	}
	if err != nil {
		return nil, fmt.Errorf("mysql: invalid DSN: %w", err)
	}
	if config.DBName == "" {
		return nil, errors.New("mysql: invalid DSN: it names no database")
	}
	if err := refuse(config); err != nil {
		return nil, fmt.Errorf("mysql: unsupported DSN: %w", err)
	}
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	if config.Params["time_zone"] == "" {
		config.Params["time_zone"] = "'+00:00'"
	}
	// Strict mode rejects values instead of truncating them. NO_BACKSLASH_ESCAPES and
	// ANSI_QUOTES must be off, whatever the server's default is.
	config.Params["sql_mode"] = "'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
	config.ClientFoundRows = true   // count rows that an update found but did not change
	config.InterpolateParams = true // one round trip for unprepared statements
	// The engine reconnects by itself if a server becomes read-only, because it
	// distinguishes this error at a COMMIT from a lost connection.
	config.RejectReadOnly = false
	config.CheckConnLiveness = true // do not use connections that the server closed
	if config.MaxAllowedPacket == mysql.NewConfig().MaxAllowedPacket {
		config.MaxAllowedPacket = 0 // take the value of the server, so that larger requests fail before they are sent
	}
	if config.Timeout == 0 {
		config.Timeout = 10 * time.Second // for connecting; calls are limited by their contexts
	}
	return config, nil
}

// refuse returns an error for settings that the store does not support.
func refuse(config *mysql.Config) error {
	for _, set := range []struct {
		name   string
		broken bool
		reason string
	}{
		{"multiStatements", config.MultiStatements, "the store sends one statement at a time"},
		{"allowAllFiles", config.AllowAllFiles, "the store does not let servers read files"},
		{"sql_mode", config.Params["sql_mode"] != "", "the store sets a strict mode"},
		{
			"autocommit", !slices.Contains([]string{"", "1", "true", "ON"}, config.Params["autocommit"]),
			"the store begins its transactions itself",
		},
		{"charset", !slices.Contains([]string{"", "utf8", "utf8mb4"}, charsetOf(config)), "the store sends text as UTF-8"},
		{
			"collation", config.Collation != "" && !strings.HasPrefix(config.Collation, "utf8mb4_"),
			"the store sends text as utf8mb4, which lacks this collation",
		},
		{"transaction_isolation", isolated(config, "transaction_isolation"), "the store sets READ COMMITTED"},
		{"tx_isolation", isolated(config, "tx_isolation"), "the store sets READ COMMITTED"},
	} {
		if set.broken {
			return fmt.Errorf("remove %s: %s", set.name, set.reason)
		}
	}
	return nil
}

// isolated reports whether a parameter sets an isolation level other than the
// store's.
func isolated(config *mysql.Config, name string) bool {
	level := strings.Trim(config.Params[name], "'\"")
	return level != "" && !strings.EqualFold(level, "READ-COMMITTED")
}

// charsetOf returns the first character set of a DSN, which the driver does not
// expose.
func charsetOf(config *mysql.Config) string {
	dsn := config.FormatDSN()
	_, query, _ := strings.Cut(dsn[strings.LastIndexByte(dsn, '/')+1:], "?")
	values, _ := url.ParseQuery(query)
	first, _, _ := strings.Cut(values.Get("charset"), ",")
	return first
}

// fromURL parses mysql://user:password@host:port/name?key=value. The keys are those
// of the driver, and those of MLMD's configuration: socket, the path of a Unix
// socket, and the ssl_… keys of [tlsOptions].
func fromURL(text string) (*mysql.Config, error) {
	u, err := url.Parse(text)
	if err != nil {
		// The error of url.Parse quotes the text, which may contain a password.
		return nil, errors.New(
			"must be mysql://USER:PASSWORD@HOST:PORT/DATABASE, with / # ? @ % in a password written as " +
				"%2F %23 %3F %40 %25",
		)
	}
	query := u.Query()
	security, err := takeTLS(query)
	if err != nil {
		return nil, err
	}
	config := mysql.NewConfig()
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.DBName = strings.TrimPrefix(u.Path, "/")
	config.Net, config.Addr = "tcp", u.Host
	if u.Port() == "" {
		config.Addr = net.JoinHostPort(u.Hostname(), "3306")
	}
	if socket := query.Get("socket"); socket != "" {
		config.Net, config.Addr = "unix", socket
		query.Del("socket")
	}
	dsn := config.FormatDSN()
	if len(query) > 0 {
		separator := "?"
		if strings.Contains(dsn, "?") {
			separator = "&"
		}
		dsn += separator + query.Encode()
	}
	if config, err = mysql.ParseDSN(dsn); err != nil {
		return nil, err
	}
	if security != nil {
		if security.ServerName == "" {
			security.ServerName = u.Hostname()
		}
		config.TLS = security
	}
	return config, nil
}
