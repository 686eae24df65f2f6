package rest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/registry"
)

// The paths that report the health of the store end with these, so that a proxy
// may put anything before them.
const (
	dirtyPath  = "/readyz/isDirty"
	healthPath = "/readyz/health"
)

// A check is one part of the health.
type check struct {
	Name    string            `json:"name"`
	Status  string            `json:"status"` // "pass" or "fail"
	Message string            `json:"message"`
	Details map[string]string `json:"details,omitempty"`
}

// health answers a request for the health, and reports whether it was one.
func (s *service) health(w http.ResponseWriter, r *http.Request) bool {
	deep := strings.HasSuffix(r.URL.Path, healthPath)
	if !deep && !strings.HasSuffix(r.URL.Path, dirtyPath) {
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return true
	}
	checks := map[string]check{"database": s.run("database", func() error {
		_, err := s.client.RPC().GetContextTypes(r.Context(), &mlmdpb.GetContextTypesRequest{})
		return err
	})}
	if deep {
		checks["model-registry"] = s.run("model-registry", func() error { return s.listOne(r.Context()) })
	}
	status, text, all := http.StatusOK, "OK", "pass"
	for _, c := range checks {
		if c.Status != "pass" {
			status, text, all = http.StatusServiceUnavailable, c.Message, "fail"
		}
	}
	if r.URL.Query().Get("format") != "json" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text) // the client may be gone
		return true
	}
	raw, err := json.Marshal(map[string]any{"status": all, "checks": checks})
	if err != nil {
		panic(err) // cannot fail: strings
	}
	send(w, status, raw)
	return true
}

// run returns the result of a check. The reason of a failure is only logged.
func (s *service) run(name string, f func() error) check {
	if err := f(); err != nil {
		s.log.Warn("health check failed", "check", name, "error", err)
		return check{name, "fail", "the store does not answer", nil}
	}
	return check{name, "pass", "the store answers", nil}
}

// listOne lists one entity of each kind.
func (s *service) listOne(ctx context.Context) error {
	for _, r := range s.faces[0].resources {
		if _, _, err := r.collection.list(ctx, query{order: registry.OrderByID, limit: 1}); err != nil {
			return err
		}
	}
	return nil
}
