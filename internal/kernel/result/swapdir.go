package result

import "os"

// renameTwice replaces the folder dest with fresh. It renames dest first and restores it if
// the second rename fails, so that nothing is lost.
func renameTwice(fresh, dest string) error {
	old := fresh + ".old"
	if err := os.Rename(dest, old); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Rename(fresh, dest); err != nil {
		os.Rename(old, dest)
		return err
	}
	return os.RemoveAll(old)
}
