//go:build !linux

package result

// replace puts the folder fresh in the place of dest.
func replace(fresh, dest string) error { return setAside(fresh, dest) }
