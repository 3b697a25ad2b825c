package imagebuild

import (
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Program is a static Linux program on this machine, to make an image of.
type Program struct {
	Path   string
	Arch   string // GOARCH
	User   string // "UID:GID" that it runs as
	Labels map[string]string
}

// programFile is the program's name in its image.
const programFile = "program"

// Image returns an image that has only the program, and runs it. The same program gives the
// same image.
func (p Program) Image() (*Image, error) {
	info, err := os.Stat(p.Path)
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	at := time.Unix(0, 0).UTC()
	f := files{programFile: entry{source: filepath.Base(p.Path), mode: 0o755, size: info.Size(), time: at}}
	layer, err := f.layer(os.DirFS(filepath.Dir(p.Path)), nil)
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	return newImage(&v1.ConfigFile{
		OS: "linux", Architecture: p.Arch, Created: v1.Time{Time: at},
		Config:  v1.Config{Entrypoint: []string{"/" + programFile}, User: p.User, Labels: p.Labels},
		RootFS:  v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{layer.diffID}},
		History: []v1.History{{Created: v1.Time{Time: at}, CreatedBy: "kiln", Comment: "one program"}},
	}, []v1.Layer{layer})
}
