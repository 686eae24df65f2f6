package engine

import (
	"database/sql/driver"
	"errors"
	"io"
	"strconv"
)

// A row is what a driver answered for one row: int64, float64, bool, string,
// []byte or nil. It is valid until the next one is read.
type row []driver.Value

// each calls use for every row of n columns that a query answers.
func each(rows driver.Rows, err error, n int, use func(row) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	values := make(row, n)
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return ofDriver(err)
		}
		if err := use(values); err != nil {
			return err
		}
	}
}

func (r row) null(i int) bool { return r[i] == nil }

// int reads column i as a number; NULL is 0.
func (r row) int(i int) int64 {
	switch v := r[i].(type) {
	case int64:
		return v
	case bool:
		if v {
			return 1
		}
	case float64:
		return int64(v)
	case string:
		n, _ := strconv.ParseInt(v, 10, 64)
		return n
	case []byte:
		n, _ := strconv.ParseInt(string(v), 10, 64)
		return n
	}
	return 0
}

func (r row) bool(i int) bool { return r.int(i) != 0 }

func (r row) float(i int) float64 {
	switch v := r[i].(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	case string:
		f, _ := strconv.ParseFloat(v, 64)
		return f
	case []byte:
		f, _ := strconv.ParseFloat(string(v), 64)
		return f
	}
	return 0
}

// text reads column i as a string; NULL is "".
func (r row) text(i int) string {
	switch v := r[i].(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}
