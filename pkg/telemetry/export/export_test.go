package export_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/pkg/telemetry/export"
)

func TestSetup_Environment(t *testing.T) {
	const away = "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		env map[string]string
		on  bool
		err string
	}{
		"empty":            {nil, false, ""},
		"only a name":      {map[string]string{"OTEL_SERVICE_NAME": "s"}, false, ""},
		"endpoint":         {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": away}, true, ""},
		"of traces":        {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": away}, true, ""},
		"of metrics":       {map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": away}, true, ""},
		"exporter":         {map[string]string{"OTEL_TRACES_EXPORTER": "console"}, true, ""},
		"unknown exporter": {map[string]string{"OTEL_TRACES_EXPORTER": "pigeon"}, false, "exporter of traces"},
		"unknown metrics":  {map[string]string{"OTEL_METRICS_EXPORTER": "pigeon"}, false, "exporter of metrics"},
		"disabled":         {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": away, "OTEL_SDK_DISABLED": "true"}, false, ""},
		"none": {map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": away, "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none",
		}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range c.env {
				t.Setenv(key, value)
			}
			tel, shutdown, err := export.Setup(t.Context(), export.Service{
				Name: "test", Log: slog.New(slog.DiscardHandler),
			})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || tel != nil {
					t.Errorf("got %v, %v, want an error about the %s", tel, err, c.err)
				}
				return
			}
			if err != nil || (tel != nil) != c.on {
				t.Errorf("got %v, %v", tel, err)
			}
			_ = shutdown(t.Context()) // no server listens at the endpoint
			if options := tel.StoreOption() != nil && tel.DialOptions() != nil && tel.RESTOptions() != nil; options != c.on {
				t.Errorf("has options: %v", options)
			}
		})
	}
}
