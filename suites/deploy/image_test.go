package deploy_test

import (
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestImage_Runs builds the image and runs it as deploy/compose.yaml does: not as
// root, with a root file system that is read-only, and with users.
func TestImage_Runs(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), "docker", "info").CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("docker does not answer: %v\n%s", err, out))
	}
	docker := func(args ...string) string {
		t.Helper()
		return strings.TrimSpace(string(output(t, exec.CommandContext(t.Context(), "docker", args...))))
	}
	output(t, exec.CommandContext(t.Context(), "../../deploy/build.sh"))
	tag := fmt.Sprintf("mlmd-server:test-%d", os.Getpid())
	docker("build", "--tag", tag, "../../deploy")
	volume := docker("volume", "create")
	t.Cleanup(func() {
		exec.Command("docker", "volume", "rm", volume).Run()
		exec.Command("docker", "image", "rm", tag).Run()
	})
	if got := docker("run", "--rm", tag, "--version"); !strings.Contains(got, "linux/amd64") {
		t.Errorf("--version prints %q", got)
	}
	alias := docker("run", "--rm", "--entrypoint", "/bin/metadata_store_server", tag, "--version")
	if !strings.HasPrefix(alias, "mlmd-server ") {
		t.Errorf("metadata_store_server --version prints %q", alias)
	}
	if user := docker("image", "inspect", "--format", "{{.Config.User}}", tag); user != "65532:65532" {
		t.Errorf("the user is %q", user)
	}

	folder := t.TempDir()
	users := filepath.Join(folder, "users")
	token := strings.Fields(string(output(t, exec.CommandContext(t.Context(), serverBinary(t), "token",
		"--auth_file", users, "--name", "ada", "--role", "admin", "--valid", "1h"))))
	for _, path := range []string{folder, users} {
		if err := os.Chown(path, 65532, 65532); err != nil {
			t.Fatal(err)
		}
	}
	start := func() (id, rest, monitoring string) {
		t.Helper()
		id = docker("run", "--detach", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL",
			"--security-opt", "no-new-privileges", "--memory", "512m", "--env", "GOMEMLIMIT=400MiB",
			"--volume", volume+":/data", "--volume", users+":/etc/mlmd/users:ro",
			"--publish", "127.0.0.1::8081", "--publish", "127.0.0.1::9090", tag,
			"--db=/data/registry.db", "--auth_file=/etc/mlmd/users", "--grpc_port=8080", "--http_port=8081",
			"--monitoring_port=9090")
		t.Cleanup(func() { exec.Command("docker", "rm", "--force", id).Run() })
		rest, monitoring = "http://"+docker("port", id, "8081/tcp"), "http://"+docker("port", id, "9090/tcp")
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if code, _ := get(monitoring+"/readyz", ""); code == http.StatusOK {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the server is not ready:\n%s", docker("logs", id))
			}
		}
		return id, rest + "/api/model_registry/v1/registered_models", monitoring
	}
	stop := func(id string) {
		t.Helper()
		docker("stop", "--time", "30", id)
		if code := docker("inspect", "--format", "{{.State.ExitCode}}", id); code != "0" {
			t.Errorf("the server ended with %s:\n%s", code, docker("logs", id))
		}
	}

	id, models, monitoring := start()
	for _, path := range []string{"/livez", "/readyz", "/metrics"} {
		if code, text := get(monitoring+path, ""); code != http.StatusOK {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	if code, text := get(models, ""); code != http.StatusUnauthorized {
		t.Errorf("a list without a token: %d %s, want 401", code, text)
	}
	secret := token[len(token)-1]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, models, strings.NewReader(`{"name":"fraud"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("a model with a token: %d, want 201", resp.StatusCode)
	}
	stop(id)

	id, models, _ = start() // on the same volume
	if code, text := get(models, secret); code != http.StatusOK || !strings.Contains(text, `"fraud"`) {
		t.Errorf("after a restart: %d %s", code, text)
	}
	stop(id)
	checkDist(t)
}

// checkDist checks what deploy/build.sh made beside the binary that ran.
func checkDist(t *testing.T) {
	t.Helper()
	arm, err := elf.Open("../../deploy/dist/linux-arm64/mlmd-server")
	if err != nil {
		t.Fatal(err)
	}
	defer arm.Close()
	if libraries, err := arm.ImportedLibraries(); arm.Machine != elf.EM_AARCH64 || len(libraries) > 0 || err != nil {
		t.Errorf("the binary for arm64 is for %v and needs %v (%v)", arm.Machine, libraries, err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		var bom struct {
			BOMFormat  string
			Components []struct{ Name, Version string }
		}
		if err := json.Unmarshal(read(t, "../../deploy/dist/sbom-"+arch+".json"), &bom); err != nil {
			t.Fatal(err)
		}
		found := false
		for _, c := range bom.Components {
			found = found || c.Name == "modernc.org/sqlite" && c.Version != ""
		}
		if bom.BOMFormat != "CycloneDX" || !found {
			t.Errorf("the bill of materials of %s has format %q and %d components, want SQLite among them",
				arch, bom.BOMFormat, len(bom.Components))
		}
	}
	driver, err := filepath.Glob("../../deploy/dist/licenses/github.com/go-sql-driver/mysql@*/LICENSE")
	if err != nil || len(driver) != 1 {
		t.Fatalf("the license of the MySQL driver: %v, %v", driver, err)
	}
	if text := string(read(t, driver[0])); !strings.Contains(text, "Mozilla Public License Version 2.0") {
		t.Errorf("the license of the MySQL driver is another one: %.100s", text)
	}
}

// get returns the status and the body of a response, or 0 and the reason.
func get(url, token string) (int, string) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, err.Error()
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}
