package bundle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// confFiles are the usual files of the server's configuration, in the folder of site.toml.
// Their bytes are read with those of the pages, so that an image has one state of both. The
// Dockerfile may copy others, or none of these.
var confFiles = [3]string{ConfName, "mime.types", redirectsFile}

// redirectsFile may be missing, and then counts as empty.
const redirectsFile = "redirects.conf"

// conf are the texts of confFiles; nil for one that is missing.
type conf struct{ text [3][]byte }

// readConf reads the configuration beside a file.
func readConf(file string) (c conf, err error) {
	for i, name := range confFiles {
		path := filepath.Join(filepath.Dir(file), name)
		if i == 0 {
			path = file
		}
		if c.text[i], err = os.ReadFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return c, fault.Wrap(fault.Usage, err)
		}
		if c.text[i] == nil && (err == nil || name == redirectsFile) {
			c.text[i] = []byte{}
		}
	}
	return c, nil
}
