//go:build !unix

package host

import "errors"

// freeBytes fails: this system is not supported.
func freeBytes(string) (int64, error) {
	return 0, errors.New("free disk space is not known on this system")
}
