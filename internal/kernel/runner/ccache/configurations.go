package ccache

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// configurations holds final configurations beside the compiled objects, each under the
// hash of everything that decides it. With it a build from scratch need not run the
// kernel's configurators, each of which starts the compiler a hundred times to find out
// what it can do.
const configurations = "kiln-configurations"

// unusedFor is how long an unused configuration is kept, and any answer of a compiler.
const unusedFor = 91 * 24 * time.Hour

// ConfigFile returns the path of the cached configuration of a plan.
func (c Cache) ConfigFile(p plan.Plan) string {
	name := fmt.Sprintf("%x", sha256.Sum256([]byte(c.Namespace+" "+p.ConfigurationKey())))
	return filepath.Join(c.Dir, configurations, name)
}

// Config returns the plan's cached configuration and its sha256, or "" where none is cached or it
// is damaged.
func (c Cache) Config(p plan.Plan) (text []byte, sum string, err error) {
	if !c.Used() {
		return nil, "", nil
	}
	file := c.ConfigFile(p)
	recorded, err := os.ReadFile(file + ".sha256")
	if err == nil {
		text, err = os.ReadFile(file)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fault.Wrap(fault.Environment, err)
	}
	if sum = strings.TrimSpace(string(recorded)); sum != fmt.Sprintf("%x", sha256.Sum256(text)) {
		return nil, "", nil
	}
	now := time.Now()
	err = errors.Join(os.Chtimes(file, now, now), os.Chtimes(file+".sha256", now, now))
	return text, sum, fault.Wrap(fault.Environment, err)
}

// SetConfig caches the final configuration of a plan, then its sha256, and removes what is too
// old from the cache.
func (c Cache) SetConfig(p plan.Plan, text []byte, sum string) error {
	if !c.Used() {
		return nil
	}
	file := c.ConfigFile(p)
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = replace(file, text)
	}
	if err == nil {
		err = replace(file+".sha256", []byte(sum))
	}
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	c.removeOld(filepath.Dir(file))
	c.removeOld(c.ProbeDir())
	return nil
}

// replace writes a file, whole or not at all: other builds read the same cache.
func replace(file string, text []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), ".new")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // fails once it is renamed
	_, err = temporary.Write(text)
	if err = errors.Join(err, temporary.Chmod(0o644), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}

// removeOld removes the files below a folder that have not been used for long. What cannot be
// removed is left to a later build.
func (c Cache) removeOld(dir string) {
	oldest := time.Now().Add(-unusedFor)
	filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		if info, err := entry.Info(); err == nil && info.ModTime().Before(oldest) {
			os.Remove(file)
		}
		return nil
	})
}
