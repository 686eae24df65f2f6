package backend

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"
)

// coreImage is what suites/reference/build-image.sh builds.
const coreImage = "mlmd-go/reference:1.17.1"

var container = shared{start: runContainer}

func startContainer(ctx context.Context, tb testing.TB) (service, error) {
	s, err := container.store(ctx, tb)
	s.has = append(s.has, ofSQLite...)
	return s, err
}

func runContainer(ctx context.Context) (string, func() error, error) {
	image := os.Getenv("MLMD_IMAGE")
	if image == "" {
		image = coreImage
	}
	if err := dockerAnswers(ctx); err != nil {
		return "", nil, err
	}
	if image == coreImage && exec.CommandContext(ctx, "docker", "image", "inspect", image).Run() != nil {
		return "", nil, unavailable("there is no image %s: suites/reference/build-image.sh builds it", image)
	}
	setDefault("TESTCONTAINERS_RYUK_DISABLED", "true")      // its image comes from a registry
	setDefault("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1") // a bridge's address may not be reachable
	tclog.SetDefault(quiet{})
	started, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		Started: true,
		ContainerRequest: testcontainers.ContainerRequest{
			Image:        image,
			ExposedPorts: []string{"8080/tcp"},
			WaitingFor:   wait.ForListeningPort("8080/tcp").SkipInternalCheck().WithStartupTimeout(time.Minute),
		},
	})
	stop := func() error { return testcontainers.TerminateContainer(started) }
	if err != nil {
		return "", nil, fmt.Errorf("image %s: %w", image, joined(err, stop()))
	}
	address, err := started.PortEndpoint(ctx, "8080/tcp", "")
	if err != nil {
		return "", nil, joined(err, stop())
	}
	return address, stop, nil
}

// dockerAnswers tells an engine that is not there from one that does not run,
// which would otherwise look alike and cost a long wait.
func dockerAnswers(ctx context.Context) error {
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		host = "unix:///var/run/docker.sock"
	}
	u, err := url.Parse(host)
	if err != nil {
		return fmt.Errorf("DOCKER_HOST: %w", err)
	}
	if _, err := exec.LookPath("docker"); err != nil {
		return unavailable("Docker is not installed")
	}
	network, address := "tcp", u.Host
	if u.Scheme == "unix" {
		network, address = "unix", u.Path
	}
	conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return unavailable("Docker is installed, but its engine does not run (%v): start dockerd", err)
	}
	return conn.Close()
}

func setDefault(name, value string) {
	if os.Getenv(name) == "" {
		os.Setenv(name, value)
	}
}

func joined(first, second error) error {
	if second == nil {
		return first
	}
	return fmt.Errorf("%w (and then: %v)", first, second)
}

// quiet keeps the library's progress out of the tests' output.
type quiet struct{}

// Printf passes on what went wrong only.
func (quiet) Printf(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); strings.Contains(strings.ToLower(text), "error") {
		fmt.Fprintln(os.Stderr, text)
	}
}
