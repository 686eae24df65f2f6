//go:build unix

package sqlite

import (
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"github.com/mlmd-go/sdk/internal/sqldb"
)

// A walIndex is the beginning of the shared memory of a write-ahead log: two copies of
// a header, which each commit changes last, as https://www.sqlite.org/walformat.html
// describes. SQLite compares the header in the same way to learn whether the pages that
// it has cached are still current.
type walIndex struct {
	id         fileID
	descriptor int
	memory     []byte // both copies; nil if the file cannot be mapped
	users      int
}

// header returns both copies of the header.
func (w *walIndex) header() *[2]sqldb.FileState {
	return (*[2]sqldb.FileState)(unsafe.Pointer(unsafe.SliceData(w.memory)))
}

// walIndexes are those that are mapped. Their files stay open, even without users, as
// long as they have a name: if any descriptor of a file is closed, POSIX releases all
// locks that the process has on the file, and those of SQLite's connections are on this
// one. SQLite removes it with its last connection.
var walIndexes struct {
	sync.Mutex
	open []*walIndex
}

// openWALIndex maps the file, which SQLite has open. It returns nil if that fails.
func openWALIndex(path string, id fileID) *walIndex {
	walIndexes.Lock()
	defer walIndexes.Unlock()
	closeUnused()
	i := slices.IndexFunc(walIndexes.open, func(w *walIndex) bool { return w.id == id })
	if i < 0 {
		w, err := mapWALIndex(path)
		if err != nil {
			return nil
		}
		i = len(walIndexes.open)
		walIndexes.open = append(walIndexes.open, w)
	}
	w := walIndexes.open[i]
	if w.id != id || w.memory == nil { // the file was replaced
		return nil
	}
	w.users++
	return w
}

// mapWALIndex opens and maps a file. Once the file is open, it returns no error.
func mapWALIndex(path string) (*walIndex, error) {
	descriptor, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	w := &walIndex{descriptor: descriptor}
	var s syscall.Stat_t
	if err := syscall.Fstat(descriptor, &s); err != nil {
		return w, nil
	}
	w.id = idOf(&s)
	if size := int(unsafe.Sizeof(*w.header())); s.Size >= int64(size) {
		w.memory, _ = syscall.Mmap(descriptor, 0, size, syscall.PROT_READ, syscall.MAP_SHARED) // nil if it fails
	}
	return w, nil
}

// state returns the header, unless a process is about to change it.
func (w *walIndex) state() (state sqldb.FileState, ok bool) {
	if w == nil {
		return state, false
	}
	copies := w.header()
	for i := range state {
		state[i] = atomic.LoadUint64(&copies[0][i])
	}
	for i, word := range state {
		if atomic.LoadUint64(&copies[1][i]) != word {
			return state, false
		}
	}
	return state, state != sqldb.FileState{}
}

// close ends a use of the memory.
func (w *walIndex) close() {
	walIndexes.Lock()
	defer walIndexes.Unlock()
	w.users--
	closeUnused()
}

// closeUnused closes the files that have no users and were removed.
func closeUnused() {
	walIndexes.open = slices.DeleteFunc(walIndexes.open, func(w *walIndex) bool {
		var s syscall.Stat_t
		if w.users > 0 || syscall.Fstat(w.descriptor, &s) != nil || s.Nlink > 0 {
			return false
		}
		if w.memory != nil {
			_ = syscall.Munmap(w.memory)
		}
		_ = syscall.Close(w.descriptor)
		return true
	})
}
