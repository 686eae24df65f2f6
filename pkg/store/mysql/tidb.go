package mysql

import (
	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/filterquery"
)

// adaptToTiDB changes what differs on TiDB, which speaks the protocol and the dialect
// of MySQL. Its error numbers are among [classes].
func adaptToTiDB(c *engine.Config) {
	d := c.DB.Dialect
	// START TRANSACTION obeys the variable tidb_txn_mode, and an optimistic transaction
	// takes no locks before its commit.
	d.Begin = "BEGIN PESSIMISTIC"
	// READ ONLY is a syntax error here.
	d.BeginRead = []string{
		"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT",
	}
	d.PlanOmits = "operator info"
	c.Filter = filterquery.TiDB
}
