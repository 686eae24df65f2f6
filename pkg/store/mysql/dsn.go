package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
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
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.Params["time_zone"] = "'+00:00'"
	// Strict: what does not fit is refused and not cut. Without NO_BACKSLASH_ESCAPES
	// and ANSI_QUOTES, whatever the server's default is.
	config.Params["sql_mode"] = "'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
	config.Loc = time.UTC
	config.ParseTime = false
	config.ClientFoundRows = true   // an update that changes nothing has still found its row
	config.InterpolateParams = true // one round trip for a statement that is not kept
	config.MultiStatements = false  // one request, one statement
	config.AllowAllFiles = false    // and no files
	config.ColumnsWithAlias = false // names as they are selected
	config.MaxAllowedPacket = 0     // as the server has it, so that what is too long fails before it is sent
	config.RejectReadOnly = false   // the engine tells such errors apart by itself
	config.CheckConnLiveness = true // a connection that the server has closed is not tried
	if config.Timeout == 0 {
		config.Timeout = 10 * time.Second // to connect; the calls have their contexts
	}
	return config, nil
}

// fromURL reads mysql://user:password@host:port/name?key=value. The keys are
// those of the driver's own form, and besides, as MLMD's configuration has them:
// socket, the path of a Unix socket, and the ssl_… of [tlsOptions].
func fromURL(text string) (*mysql.Config, error) {
	u, err := url.Parse(text)
	if err != nil {
		var detail *url.Error // its text has the password
		if errors.As(err, &detail) {
			err = detail.Err
		}
		return nil, err
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

// A connector sets up new connections.
type connector struct{ driver.Connector }

// Connect makes each statement see what was committed before it: what another
// transaction did while this one waited for its lock.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	// Servers name the variable differently; the statement is the same on all.
	const readCommitted = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, readCommitted, nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}
