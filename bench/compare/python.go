package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

//go:embed client.py
var clientProgram string

// A python is a registry in a process of a Python interpreter, which client.py runs.
type python struct {
	ctx    context.Context
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	errors bytes.Buffer
}

func openCoreMemory(ctx context.Context, o options, _ string) (system, string, error) {
	return openPython(ctx, o, o.python, "suites/reference/setup.sh", "core", "")
}

func openCoreFile(ctx context.Context, o options, dir string) (system, string, error) {
	return openPython(ctx, o, o.python, "suites/reference/setup.sh", "core", dir)
}

func openMLflow(ctx context.Context, o options, dir string) (system, string, error) {
	return openPython(ctx, o, o.mlflow, "bench/compare/setup.sh", "mlflow", dir)
}

// openPython starts an interpreter that setup installs, with databases in dir, or in memory
// if dir is empty.
func openPython(ctx context.Context, o options, interpreter, setup, client, dir string) (system, string, error) {
	if _, err := exec.LookPath(interpreter); err != nil {
		return nil, "", fmt.Errorf("%w: %s does not exist: run %s", errUnavailable, interpreter, setup)
	}
	args := []string{"-c", clientProgram, client, strconv.Itoa(o.models), strconv.Itoa(mostWriters())}
	if dir != "" {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, "", err
		}
		args = append(args, filepath.Join(dir, "reads.db"), filepath.Join(dir, "writes.db"))
	}
	p := &python{ctx: ctx, cmd: exec.CommandContext(ctx, interpreter, args...)}
	p.cmd.Stderr = &p.errors
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, "", err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	p.out = bufio.NewReader(out)
	// The process and its writers end when their input does. It is killed if it does not.
	p.cmd.Cancel, p.cmd.WaitDelay = p.in.Close, 5*time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, "", err
	}
	var ready struct{ Version, Missing string }
	err = p.receive(&ready)
	if ready.Missing != "" {
		err = fmt.Errorf("%w: %s: run %s", errUnavailable, ready.Missing, setup)
	}
	if err != nil {
		p.close()
		return nil, "", err
	}
	return p, ready.Version, nil
}

func (p *python) times(_ context.Context, op string, d time.Duration) ([]time.Duration, error) {
	var answer struct {
		Took    []time.Duration
		Lacking bool
	}
	err := p.ask(map[string]any{"op": op, "seconds": d.Seconds()}, &answer)
	if err == nil && answer.Lacking {
		err = errLacking
	}
	return answer.Took, err
}

func (p *python) write(_ context.Context, writers int, d time.Duration) (written, error) {
	var answer written
	err := p.ask(map[string]any{"writers": writers, "seconds": d.Seconds()}, &answer)
	return answer, err
}

func (p *python) ask(request, answer any) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return errors.Join(p.ctx.Err(), err)
	}
	return p.receive(answer)
}

func (p *python) receive(answer any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		if p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		p.close()
		return fmt.Errorf("%s ended: %s", p.cmd.Path, p.errors.Bytes()[max(0, p.errors.Len()-800):])
	}
	var failed struct{ Error string }
	if err := json.Unmarshal(line, &failed); err != nil {
		return fmt.Errorf("%q: %w", line, err)
	}
	if failed.Error != "" {
		return errors.New(failed.Error)
	}
	return json.Unmarshal(line, answer)
}

// close ends the process. Its error does not matter, because all answers have arrived.
func (p *python) close() error {
	p.in.Close()
	p.cmd.Wait()
	return nil
}

func mostWriters() int {
	return slices.MaxFunc(rows, func(a, b row) int { return a.writers - b.writers }).writers
}
