//go:build unix

package host

import "golang.org/x/sys/unix"

// freeBytes returns how many bytes this process may still write on the file system of path.
func freeBytes(path string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
