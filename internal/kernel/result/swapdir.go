package result

import "os"

// setAside puts the folder fresh in the place of dest, which is set aside first, so that
// a failure loses nothing.
func setAside(fresh, dest string) error {
	aside := fresh + ".old"
	if err := os.Rename(dest, aside); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Rename(fresh, dest); err != nil {
		os.Rename(aside, dest)
		return err
	}
	return os.RemoveAll(aside)
}
