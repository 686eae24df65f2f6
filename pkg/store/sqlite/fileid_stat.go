//go:build unix && !linux

package sqlite

func lookUp(path string) (fileID, error) { return stat(path) }
