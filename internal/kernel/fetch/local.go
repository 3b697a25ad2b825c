package fetch

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// newLocal returns the provider of a folder or tarball on this machine.
func newLocal(f Fetcher, from string) (provider, error) {
	path := from
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.Dir, from)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil && strings.HasPrefix(from, "~"):
		return nil, fault.New(fault.Usage, "write the whole path: only a shell knows what ~ means", "find source %q: %w", from, err)
	case err != nil:
		return nil, fault.New(fault.Usage, "paths are relative to the folder of kernels.toml", "find source %q: %w", from, err)
	case info.IsDir():
		return folder{f, path}, nil
	case !info.Mode().IsRegular():
		return nil, fault.New(fault.Usage, "name a folder or a tarball", "read source %s: it is neither a file nor a folder", path)
	}
	return tarball{f, path}, nil
}
