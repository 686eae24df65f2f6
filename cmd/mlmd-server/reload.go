package main

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"time"
)

// reloadInterval is how often files are compared with what was read. Mounted
// secrets are replaced through links, of which a notification would miss some.
const reloadInterval = 5 * time.Second

// reloaded is a value that is read from files, and read again when they change.
type reloaded[T any] struct {
	what  string // for the log
	files []string
	load  func(readFile) (T, error)

	now  atomic.Pointer[T]
	last [sha256.Size]byte // of the files; used by one goroutine at a time
}

// A reloader is a [reloaded] value of any type.
type reloader interface {
	// reload reads the value. If the files are as before, it does so only if force
	// is set. If that fails, the value remains as it was.
	reload(read readFile, force bool) (changed bool, err error)
	describe() (what string, files []string)
}

func (r *reloaded[T]) describe() (string, []string) { return r.what, r.files }

func (r *reloaded[T]) get() T { return *r.now.Load() }

func (r *reloaded[T]) reload(read readFile, force bool) (bool, error) {
	// What is loaded is what was compared, even if the files change in between.
	content := map[string][]byte{}
	sum := sha256.New()
	for _, name := range r.files {
		text, err := read(name)
		if err != nil { // which load reports
			break
		}
		content[name] = text
		part := sha256.Sum256(text)
		sum.Write(part[:])
	}
	found := [sha256.Size]byte(sum.Sum(nil))
	if found == r.last && !force {
		return false, nil
	}
	r.last = found
	v, err := r.load(func(name string) ([]byte, error) {
		if text, ok := content[name]; ok {
			return text, nil
		}
		return read(name)
	})
	if err != nil {
		return false, err
	}
	r.now.Store(&v)
	return true, nil
}

// watch reads a value, and has it read again when its files change.
func (p *plan) watch(r reloader, read readFile) error {
	p.reloaders = append(p.reloaders, r)
	_, err := r.reload(read, true)
	return err
}

// reloadFiles reads files again when they change and on SIGHUP, until ctx ends.
// SIGHUP otherwise has no effect.
func (p *plan) reloadFiles(ctx context.Context, log *slog.Logger) {
	hangup := make(chan os.Signal, 1)
	if reloadSignal != nil {
		signal.Notify(hangup, reloadSignal)
		defer signal.Stop(hangup)
	}
	tick := time.NewTicker(reloadInterval)
	defer tick.Stop()
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-hangup:
			asked = true
			log.Info("SIGHUP: reading files again")
		}
		for _, r := range p.reloaders {
			what, files := r.describe()
			switch changed, err := r.reload(os.ReadFile, asked); {
			case err != nil:
				log.Error("cannot read files again; the previous content remains in use",
					"what", what, "files", files, "error", err)
			case changed:
				log.Info("read files again", "what", what, "files", files)
			}
		}
	}
}
