package result

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// replace puts the folder fresh in the place of dest: by an exchange, so that at
// every moment there is a whole folder of that name, where the file system knows that.
func replace(fresh, dest string) error {
	if _, err := os.Lstat(dest); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(fresh, dest)
	}
	err := unix.Renameat2(unix.AT_FDCWD, fresh, unix.AT_FDCWD, dest, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // NFS, FUSE (renameat2(2))
		return setAside(fresh, dest)
	}
	return err
}
