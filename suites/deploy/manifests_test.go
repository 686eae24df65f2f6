// Package deploy_test runs what the folder deploy has: the image, and the manifests as
// far as they can be checked without a cluster.
package deploy_test

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/mlmd-go/sdk/internal/testtls"
	"github.com/mlmd-go/sdk/suites/backend"
)

func TestMain(m *testing.M) { backend.Main(m) }

// TestChart_Renders renders the chart with each form of its values and validates the
// manifests.
func TestChart_Renders(t *testing.T) {
	helm := tool(t, "helm")
	server := serverBinary(t)
	for name, values := range map[string]string{
		"file":     "",
		"TLS":      "tls.secret=certificate",
		"postgres": "database.secret=db,replicas=2,tls.secret=certificate,args={--request_timeout=30s}",
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"../../deploy/helm/mlmd-server"}
			if values != "" {
				args = append(args, "--set", values)
			}
			output(t, exec.CommandContext(t.Context(), helm, append([]string{"lint", "--strict"}, args...)...))
			manifests := output(t, exec.CommandContext(t.Context(), helm, append([]string{"template", "registry"}, args...)...))
			check(t, server, manifests)
		})
	}
}

func TestChart_RefusesWrongValues(t *testing.T) {
	helm := tool(t, "helm")
	for values, reason := range map[string]string{
		"replicas=2":   "replicas > 1 needs database.secret",
		"auth.secret=": "auth.secret",
		"tsl.secret=x": "tsl",
	} {
		cmd := exec.CommandContext(t.Context(), helm, "template", "x", "../../deploy/helm/mlmd-server", "--set", values)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), reason) {
			t.Errorf("--set %s: %v, want an error with %q:\n%s", values, err, reason, out)
		}
	}
}

func TestKustomize_Builds(t *testing.T) {
	server := serverBinary(t)
	path := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "-n", "kustomize")
	path.Dir, path.Env = "../..", append(os.Environ(), "GOWORK=off")
	kustomize := strings.TrimSpace(string(output(t, path)))
	for _, name := range []string{"base", "tls", "postgres"} {
		t.Run(name, func(t *testing.T) {
			check(t, server, output(t, exec.CommandContext(t.Context(), kustomize, "build", "../../deploy/kustomize/"+name)))
		})
	}
}

func TestSystemdUnit_Verifies(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		missing(t, "systemd-analyze is not installed")
	}
	// Verifying wants the program of the unit to exist.
	unit := read(t, "../../deploy/systemd/mlmd-server.service")
	unit = bytes.ReplaceAll(unit, []byte("/usr/local/bin/mlmd-server"), []byte(serverBinary(t)))
	file := filepath.Join(t.TempDir(), "mlmd-server.service")
	if err := os.WriteFile(file, unit, 0o600); err != nil {
		t.Fatal(err)
	}
	out := output(t, exec.CommandContext(t.Context(), analyze, "verify", "--man=no", "--recursive-errors=no", file))
	if strings.Contains(string(out), file) {
		t.Errorf("systemd-analyze verify: %s", out)
	}
}

// check validates the manifests against Kubernetes' schemas, and the flags and
// environment of the containers against the server.
func check(t *testing.T, server string, manifests []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifests.yaml")
	if err := os.WriteFile(file, manifests, 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, exec.CommandContext(t.Context(), tool(t, "kubernetes-validate"), "--strict", file))

	secrets := mountSecrets(t, server)
	containers := 0
	for d := yaml.NewDecoder(bytes.NewReader(manifests)); ; {
		var m struct {
			Spec struct{ Template struct{ Spec podSpec } }
		}
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pod := m.Spec.Template.Spec
		mounted := map[string]bool{}
		for _, v := range pod.Volumes {
			mounted[v.Name] = true
		}
		for _, c := range pod.Containers {
			containers++
			cmd := exec.CommandContext(t.Context(), server, "config")
			for _, arg := range c.Args {
				cmd.Args = append(cmd.Args, strings.ReplaceAll(arg, "/etc/mlmd/", secrets))
			}
			cmd.Env = os.Environ()
			for _, e := range c.Env {
				cmd.Env = append(cmd.Env, e.Name+"="+strings.ReplaceAll(e.Value, "/etc/mlmd/", secrets))
			}
			settings := string(output(t, cmd))
			for _, want := range []string{secrets + "users/users", "9090"} {
				if !strings.Contains(settings, want) {
					t.Errorf("the settings have no %s:\n%s", want, settings)
				}
			}
			for _, v := range c.VolumeMounts {
				if !mounted[v.Name] && v.Name != "data" {
					t.Errorf("%s is mounted, but is not a volume of the pod", v.Name)
				}
			}
			if !c.SecurityContext.ReadOnlyRootFilesystem || c.ReadinessProbe == nil || c.LivenessProbe == nil {
				t.Errorf("the container needs probes and a read-only root: %+v", c)
			}
		}
	}
	if containers != 1 {
		t.Errorf("%d containers, want 1", containers)
	}
}

// mountSecrets makes the files of the secrets that the manifests mount below
// /etc/mlmd/, and returns their folder, with a slash at its end.
func mountSecrets(t *testing.T, server string) string {
	t.Helper()
	folder := t.TempDir() + "/"
	for _, name := range []string{"users", "tls", "db"} {
		if err := os.Mkdir(folder+name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	output(t, exec.CommandContext(t.Context(), server, "token", "--auth_file", folder+"users/users", "--name", "ada",
		"--role", "admin", "--valid", "1h"))
	pair := testtls.Issue(t, "localhost", nil)
	for name, text := range map[string]string{
		"tls/tls.crt": pair.Cert, "tls/tls.key": pair.Key, "db/db": "postgres://mlmd@db.example/mlmd\n",
	} {
		if err := os.WriteFile(folder+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

type podSpec struct {
	Volumes    []struct{ Name string }
	Containers []struct {
		Args            []string
		Env             []struct{ Name, Value string }
		VolumeMounts    []struct{ Name string } `yaml:"volumeMounts"`
		ReadinessProbe  any                     `yaml:"readinessProbe"`
		LivenessProbe   any                     `yaml:"livenessProbe"`
		SecurityContext struct {
			ReadOnlyRootFilesystem bool `yaml:"readOnlyRootFilesystem"`
		} `yaml:"securityContext"`
	}
}

// tool returns the path of a program that setup.sh installs.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(cmp.Or(os.Getenv("MLMD_DEPLOY_TOOLS"), ".venv"), "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		missing(t, name+" is not installed: run suites/deploy/setup.sh")
	}
	return path
}

// missing skips the test, or fails it where everything must run.
func missing(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("MLMD_REQUIRE") == "all" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// serverBinary returns the path of mlmd-server.
func serverBinary(t *testing.T) string {
	t.Helper()
	path, err := backend.ServerBinary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// output runs the command and returns its standard output. A failure shows all of it.
func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out, stderr.Bytes())
	}
	return out
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	out, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
