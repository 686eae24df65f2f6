package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long watch waits for more changes: editors write a file in
// several steps.
const settle = 100 * time.Millisecond

// watch calls generate whenever a file that it last read changes, until ctx is
// done. generate returns these files, also if it fails.
func watch(ctx context.Context, stderr io.Writer, generate func() (read []string)) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	defer w.Close()
	watched := map[string]bool{} // directories, since editors replace files
	for {
		files := map[string]bool{}
		for _, name := range generate() {
			abs, err := filepath.Abs(name)
			if err != nil {
				return err
			}
			files[abs] = true
			if dir := filepath.Dir(abs); !watched[dir] {
				if err := w.Add(dir); err != nil {
					continue // it may not exist: then another file changes first
				}
				watched[dir] = true
			}
		}
		names := slices.Sorted(maps.Keys(files))
		fmt.Fprintf(stderr, "gen: watching %s\n", strings.Join(names, ", "))
		if err := next(ctx, w, files); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// next waits for a change of one of files, and for the end of the changes.
func next(ctx context.Context, w *fsnotify.Watcher, files map[string]bool) error {
	var quiet <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-quiet:
			return nil
		case e := <-w.Events:
			if files[e.Name] && !e.Has(fsnotify.Chmod) {
				quiet = time.After(settle)
			}
		case err := <-w.Errors:
			return fmt.Errorf("watch: %w", err)
		}
	}
}
