package editor_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// A server is a yaml-language-server, as an editor starts it.
type server struct {
	t       *testing.T
	in      io.Writer
	replies chan message
	version int
	id      int
}

// A message is one of the Language Server Protocol.
type message struct {
	ID     *json.RawMessage `json:"id,omitempty"`
	Method string           `json:"method,omitempty"`
	Params any              `json:"params,omitempty"`
	Result any              `json:"result,omitempty"`
	raw    json.RawMessage  // of Params
}

// A diagnostic is what an editor underlines. Lines count from zero.
type diagnostic struct {
	Message string
	Range   struct{ Start struct{ Line, Character int } }
}

// start starts the server of the package from npm.
func start(t *testing.T) *server {
	t.Helper()
	folder := cmp.Or(os.Getenv("MLMD_YAML_SERVER"), ".venv")
	program := filepath.Join(folder, "node_modules", "yaml-language-server", "bin", "yaml-language-server")
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("MLMD_YAML_SERVER") != "" || os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("yaml-language-server is not installed: run suites/editor/setup.sh")
	}
	cmd := exec.CommandContext(t.Context(), "node", program, "--stdio")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		cmd.Wait()         //nolint:errcheck // it was killed
	})
	s := &server{t: t, in: in, replies: make(chan message, 100)}
	go s.receive(bufio.NewReader(out))
	s.send(message{ID: s.next(), Method: "initialize", Params: map[string]any{
		"processId": os.Getpid(), "rootUri": nil, "capabilities": map[string]any{},
	}})
	s.await(func(m message) bool { return m.ID != nil && m.Method == "" })
	s.send(message{Method: "initialized", Params: map[string]any{}})
	return s
}

func (s *server) next() *json.RawMessage {
	s.id++
	id := json.RawMessage(strconv.Itoa(s.id))
	return &id
}

func (s *server) send(m message) {
	raw, err := json.Marshal(struct {
		JSONRPC string `json:"jsonrpc"`
		message
	}{"2.0", m})
	if err != nil {
		s.t.Error(err)
		return
	}
	if _, err := fmt.Fprintf(s.in, "Content-Length: %d\r\n\r\n%s", len(raw), raw); err != nil {
		s.t.Error(err)
	}
}

// receive passes messages on until the server ends.
func (s *server) receive(r *bufio.Reader) {
	defer close(s.replies)
	for {
		head, err := textproto.NewReader(r).ReadMIMEHeader()
		if err != nil {
			return
		}
		n, err := strconv.Atoi(head.Get("Content-Length"))
		if err != nil {
			return
		}
		raw := make([]byte, n)
		if _, err := io.ReadFull(r, raw); err != nil {
			return
		}
		var m message
		var params struct{ Params json.RawMessage }
		if json.Unmarshal(raw, &m) != nil || json.Unmarshal(raw, &params) != nil {
			return
		}
		m.raw = params.Params
		s.replies <- m
	}
}

// await returns the first message that is wanted. It answers requests of the
// server meanwhile.
func (s *server) await(want func(message) bool) message {
	s.t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case m, ok := <-s.replies:
			switch {
			case !ok:
				s.t.Fatal("the server ended")
			case want(m):
				return m
			case m.ID != nil && m.Method != "":
				s.send(message{ID: m.ID, Result: []any{nil, nil, nil, nil, nil, nil, nil, nil}})
			}
		case <-limit:
			s.t.Fatal("the server does not answer")
		}
	}
}

// check opens a document, or replaces its text, and returns what an editor shows.
func (s *server) check(uri, text string) (out []diagnostic) {
	s.t.Helper()
	s.version++
	if s.version == 1 {
		s.send(message{Method: "textDocument/didOpen", Params: map[string]any{"textDocument": map[string]any{
			"uri": uri, "languageId": "yaml", "version": 1, "text": text,
		}}})
	} else {
		s.send(message{Method: "textDocument/didChange", Params: map[string]any{
			"textDocument":   map[string]any{"uri": uri, "version": s.version},
			"contentChanges": []any{map[string]any{"text": text}},
		}})
	}
	var p struct {
		URI         string
		Version     *int
		Diagnostics []diagnostic
	}
	s.await(func(m message) bool {
		if m.Method != "textDocument/publishDiagnostics" || json.Unmarshal(m.raw, &p) != nil {
			return false
		}
		return p.URI == uri && (p.Version == nil || *p.Version == s.version)
	})
	return p.Diagnostics
}
