//go:build linux

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
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/confined"
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
	return filepath.Join(c.Dir, c.configName(p))
}

// configName returns its path in the cache.
func (c Cache) configName(p plan.Plan) string {
	return fmt.Sprintf("%s/%x", configurations, sha256.Sum256([]byte(c.Namespace+" "+p.ConfigurationKey())))
}

// Config returns the plan's cached configuration and its sha256, or "" where none is cached or it
// is damaged.
func (c Cache) Config(p plan.Plan) (text []byte, sum string, err error) {
	if !c.Used() {
		return nil, "", nil
	}
	name := c.configName(p)
	recorded, err := confined.Read(c.Dir, name+".sha256")
	if err == nil {
		text, err = confined.Read(c.Dir, name)
	}
	if err != nil { // it is not there, or not this package's
		return nil, "", nil
	}
	if sum = strings.TrimSpace(string(recorded)); sum != fmt.Sprintf("%x", sha256.Sum256(text)) {
		return nil, "", nil
	}
	return text, sum, fault.Wrap(fault.Environment, c.use(name, name+".sha256"))
}

// SetConfig caches the final configuration of a plan, then its sha256, and removes what is too
// old from the cache.
func (c Cache) SetConfig(p plan.Plan, text []byte, sum string) error {
	if !c.Used() {
		return nil
	}
	name := c.configName(p)
	err := confined.Mkdir(c.Dir, configurations)
	if err == nil {
		err = confined.Write(c.Dir, name, text)
	}
	if err == nil {
		err = confined.Write(c.Dir, name+".sha256", []byte(sum))
	}
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	c.removeOld(configurations)
	c.removeOld(probes)
	return nil
}

// use sets the time of files of the cache, by which removeOld finds those that are not used.
func (c Cache) use(names ...string) error {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return err
	}
	defer root.Close()
	now := time.Now()
	for _, name := range names {
		err = errors.Join(err, root.Chtimes(name, now, now))
	}
	return err
}

// removeOld removes the files below a folder of the cache that have not been used for long. What
// cannot be removed is left to a later build.
func (c Cache) removeOld(dir string) {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return
	}
	defer root.Close()
	oldest := time.Now().Add(-unusedFor)
	fs.WalkDir(root.FS(), dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		if info, err := entry.Info(); err == nil && info.ModTime().Before(oldest) {
			root.Remove(name)
		}
		return nil
	})
}
