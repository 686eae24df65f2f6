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

// parse reads a DSN in either form, and adds what the store relies on.
func parse(dsn string) (*mysql.Config, error) {
	var config *mysql.Config
	var err error
	if strings.HasPrefix(dsn, "mysql://") {
		config, err = fromURL(dsn)
	} else {
		config, err = mysql.ParseDSN(dsn) // its errors quote nothing of the DSN
	}
	if err != nil {
		return nil, fmt.Errorf("mysql: the DSN is not valid: %w", err)
	}
	if config.DBName == "" {
		return nil, errors.New("mysql: the DSN names no database")
	}
	if err := refuse(config); err != nil {
		return nil, fmt.Errorf("mysql: the DSN cannot be used: %w", err)
	}
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	if config.Params["time_zone"] == "" {
		config.Params["time_zone"] = "'+00:00'"
	}
	// Strict: what does not fit is refused and not cut. Without NO_BACKSLASH_ESCAPES
	// and ANSI_QUOTES, whatever the server's default is.
	config.Params["sql_mode"] = "'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
	config.ClientFoundRows = true   // an update that changes nothing has still found its row
	config.InterpolateParams = true // one round trip for a statement that is not kept
	// A server that has become read-only is left in any case. The engine sees to it
	// by itself, since it tells that error at a COMMIT from a lost connection.
	config.RejectReadOnly = false
	config.CheckConnLiveness = true // a connection that the server has closed is not tried
	if config.MaxAllowedPacket == mysql.NewConfig().MaxAllowedPacket {
		config.MaxAllowedPacket = 0 // as the server has it, so that what is too long fails before it is sent
	}
	if config.Timeout == 0 {
		config.Timeout = 10 * time.Second // to connect; the calls have their contexts
	}
	return config, nil
}

// refuse returns an error for a setting that the store cannot work with.
func refuse(config *mysql.Config) error {
	for _, set := range []struct {
		name   string
		broken bool
		reason string
	}{
		{"multiStatements", config.MultiStatements, "the store sends one statement at a time"},
		{"allowAllFiles", config.AllowAllFiles, "the store lets no server read files"},
		{"sql_mode", config.Params["sql_mode"] != "", "the store needs a strict mode, and sets it"},
		{"autocommit", !slices.Contains([]string{"", "1", "true", "ON"}, config.Params["autocommit"]), "the store begins its transactions itself"},
		{"charset", !slices.Contains([]string{"", "utf8", "utf8mb4"}, charsetOf(config)), "the store sends text as UTF-8"},
		{"collation", config.Collation != "" && !strings.HasPrefix(config.Collation, "utf8mb4_"), "the store sends text as utf8mb4, which does not have it"},
		{"transaction_isolation", isolated(config, "transaction_isolation"), "the store sets READ COMMITTED"},
		{"tx_isolation", isolated(config, "tx_isolation"), "the store sets READ COMMITTED"},
	} {
		if set.broken {
			return fmt.Errorf("leave %s out of it: %s", set.name, set.reason)
		}
	}
	return nil
}

// isolated reports whether a parameter asks for another isolation than the
// store's.
func isolated(config *mysql.Config, name string) bool {
	level := strings.Trim(config.Params[name], "'\"")
	return level != "" && !strings.EqualFold(level, "READ-COMMITTED")
}

// charsetOf is the first character set that a DSN asks for; the driver keeps it
// to itself.
func charsetOf(config *mysql.Config) string {
	dsn := config.FormatDSN()
	_, query, _ := strings.Cut(dsn[strings.LastIndexByte(dsn, '/')+1:], "?")
	values, _ := url.ParseQuery(query)
	first, _, _ := strings.Cut(values.Get("charset"), ",")
	return first
}

// fromURL reads mysql://user:password@host:port/name?key=value. The keys are
// those of the driver's own form, and besides, as MLMD's configuration has them:
// socket, the path of a Unix socket, and the ssl_… of [tlsOptions].
func fromURL(text string) (*mysql.Config, error) {
	u, err := url.Parse(text)
	if err != nil {
		// What url.Parse says quotes the text, and so a password that is not escaped.
		return nil, errors.New("the URL cannot be read; it is mysql://USER:PASSWORD@HOST:PORT/DATABASE, and in a password, / # ? @ % are written %2F %23 %3F %40 %25")
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
