//go:build !unix

package toolkit

import "os"

// lockFile keeps a file open, which keeps it from being removed.
func lockFile(path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	return func() { f.Close() }, nil
}
