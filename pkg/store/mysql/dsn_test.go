package mysql

import (
	"net/url"
	"strings"
	"testing"
)

func TestParse_Forms(t *testing.T) {
	for _, dsn := range []string{
		"ada:p@ss:w/ord@tcp(db.example:3307)/registry?readTimeout=5s",
		"mysql://ada:" + url.QueryEscape("p@ss:w/ord") + "@db.example:3307/registry?readTimeout=5s",
	} {
		config, err := parse(dsn)
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
			continue
		}
		if config.User != "ada" || config.Passwd != "p@ss:w/ord" || config.Net != "tcp" || config.Addr != "db.example:3307" ||
			config.DBName != "registry" || config.ReadTimeout.Seconds() != 5 {
			t.Errorf("%s is read as %+v", dsn, config)
		}
		if config.Params["time_zone"] != "'+00:00'" || !strings.Contains(config.Params["sql_mode"], "STRICT_ALL_TABLES") {
			t.Errorf("%s: session settings are %v", dsn, config.Params)
		}
	}
}

func TestParse_URLDefaults(t *testing.T) {
	config, err := parse("mysql://ada@db.example/registry")
	if err != nil {
		t.Fatal(err)
	}
	if config.Addr != "db.example:3306" || config.TLS != nil {
		t.Errorf("read as %+v", config)
	}
}

func TestParse_URLSocket(t *testing.T) {
	config, err := parse("mysql://ada@/registry?socket=/run/mysqld/mysqld.sock")
	if err != nil {
		t.Fatal(err)
	}
	if config.Net != "unix" || config.Addr != "/run/mysqld/mysqld.sock" || config.Params["socket"] != "" {
		t.Errorf("read as %+v", config)
	}
}

func TestParse_URLTLS(t *testing.T) {
	for _, c := range []struct {
		query    string
		verifies bool // verifies the server's name
	}{
		{"ssl_verify=true", true},
		{"ssl_verify=false", false},
		{"ssl_cipher=AES128-SHA", false},
	} {
		config, err := parse("mysql://ada@db.example/registry?" + c.query)
		if err != nil {
			t.Fatal(err)
		}
		if config.TLS == nil {
			t.Errorf("%s: no TLS", c.query)
			continue
		}
		if config.TLS.InsecureSkipVerify == c.verifies || config.TLS.ServerName != "db.example" {
			t.Errorf("%s: verify %v, name %q", c.query, !config.TLS.InsecureSkipVerify, config.TLS.ServerName)
		}
		for key := range config.Params {
			if strings.HasPrefix(key, "ssl_") {
				t.Errorf("%s would become a session variable", key)
			}
		}
	}
}

func TestParse_Errors(t *testing.T) {
	for dsn, want := range map[string]string{
		"ada:secret@tcp(db.example:3306)/":                           "names no database",
		"ada:secret@tcp(db.example:3306":                             "invalid DSN",
		"mysql://ada:secret@db.example:port/registry":                "invalid DSN",
		"mysql://ada:secret@db.example/registry?ssl_ca=/none/ca.pem": "CA certificates",
		"mysql://ada:secret@db.example/registry?ssl_cert=/none/c":    "ssl_cert and ssl_key",
	} {
		_, err := parse(dsn)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", dsn, err, want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the password is in %q", err)
		}
	}
}

func TestCanReturn(t *testing.T) {
	for version, want := range map[string]bool{
		"10.11.19-MariaDB-0+deb12u1":          true,
		"10.4.34-MariaDB":                     false,
		"5.5.5-10.6.16-MariaDB-1:10.6.16":     true,
		"11.4.2-MariaDB-ubu2404":              true,
		"8.0.36":                              false,
		"8.4.0-commercial":                    false,
		"something-MariaDB that says nothing": false,
	} {
		if got := canReturn(version); got != want {
			t.Errorf("%s: %v", version, got)
		}
	}
}

func TestTextParam(t *testing.T) {
	maria := map[string]bool{"utf8mb4_nopad_bin": true, "latin1_nopad_bin": true}
	mysql8 := map[string]bool{"utf8mb4_0900_bin": true}
	for _, c := range []struct {
		name string
		x    existing
		want string
	}{
		{"no tables yet", existing{}, ""},
		{"ours on MariaDB", existing{charset: "utf8mb4", collation: "utf8mb4_nopad_bin", collations: maria}, ""},
		{"ours on MySQL 8", existing{charset: "utf8mb4", collation: "utf8mb4_0900_bin", collations: mysql8}, ""},
		{
			"the reference implementation's on MariaDB",
			existing{charset: "utf8mb4", collation: "utf8mb4_general_ci", collations: maria},
			"CONVERT(? USING utf8mb4) COLLATE utf8mb4_nopad_bin",
		},
		{
			"the reference implementation's on MySQL 8",
			existing{charset: "utf8mb4", collation: "utf8mb4_0900_ai_ci", collations: mysql8},
			"CONVERT(? USING utf8mb4) COLLATE utf8mb4_0900_bin",
		},
		{
			"padded with blanks",
			existing{charset: "utf8mb4", collation: "utf8mb4_bin", collations: maria},
			"CONVERT(? USING utf8mb4) COLLATE utf8mb4_nopad_bin",
		},
		{
			"latin1",
			existing{charset: "latin1", collation: "latin1_swedish_ci", collations: maria},
			"CONVERT(? USING latin1) COLLATE latin1_nopad_bin",
		},
		{
			"MySQL 5.7",
			existing{charset: "utf8mb4", collation: "utf8mb4_general_ci"},
			"CAST(CONVERT(? USING utf8mb4) AS BINARY)",
		},
	} {
		if got := c.x.textParam(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestParse_Settings(t *testing.T) {
	for _, form := range []string{"ada:secret@tcp(db.example:3306)/registry?", "mysql://ada:secret@db.example/registry?"} {
		for setting, reason := range map[string]string{
			"sql_mode=ANSI":                            "sql_mode",
			"multiStatements=true":                     "multiStatements",
			"allowAllFiles=true":                       "allowAllFiles",
			"autocommit=0":                             "autocommit",
			"charset=latin1":                           "charset",
			"charset=latin1,utf8":                      "charset",
			"collation=latin1_swedish_ci":              "collation",
			"transaction_isolation=%27SERIALIZABLE%27": "transaction_isolation",
			"tx_isolation=%27REPEATABLE-READ%27":       "tx_isolation",
		} {
			_, err := parse(form + setting)
			if err == nil || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s%s: error is %v", form, setting, err)
			}
		}
		config, err := parse(form + "charset=utf8mb4,utf8&collation=utf8mb4_bin&parseTime=true&loc=Local" +
			"&time_zone=%27%2B02:00%27&maxAllowedPacket=1000&rejectReadOnly=true" +
			"&transaction_isolation=%27READ-COMMITTED%27&autocommit=1&wsrep_sync_wait=7")
		if err != nil {
			t.Fatal(err)
		}
		if config.Collation != "utf8mb4_bin" || config.MaxAllowedPacket != 1000 || config.Params["time_zone"] != "'+02:00'" ||
			config.Params["wsrep_sync_wait"] != "7" {
			t.Errorf("%s: read as %+v", form, config)
		}
	}
}
