//go:build !linux

package result

// replace replaces the folder dest with fresh.
func replace(fresh, dest string) error { return renameTwice(fresh, dest) }
