//go:build full

package toolkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// kills is how often the whole job is killed.
const kills = 20

// TestAllSurvivesKills ends the whole job with SIGKILL at random moments, on the real kernel.
// Every document and kernel in dist/ is complete afterwards, and the run after the last kill
// succeeds.
func TestAllSurvivesKills(t *testing.T) {
	e := enginetest.Engine(t)
	c := newClone(t)
	removeKernel(t, e, "killed")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	began := time.Now()
	if code, _, stderr := c.run(killed(0), "all"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	whole := time.Since(began)
	resumed := false
	for done, plan := 0, 1; done < kills; {
		began := time.Now()
		after := time.Duration(random.Int64N(int64(whole)))
		ended, log := c.runKilled(killed(plan), after)
		resumed = resumed || strings.Contains(log, "resuming an interrupted build")
		c.checkDist()
		if ended { // before the kill: the next run gets a new configuration
			plan, whole = plan+1, time.Since(began)
			continue
		}
		done++
		t.Logf("kill %d after %s", done, after)
	}
	if !resumed {
		t.Error("no run resumed the one before")
	}
	code, _, stderr := c.run(killed(1000), "all")
	if code != 0 {
		t.Fatalf("the run after: exit code %d\n%s", code, stderr)
	}
	c.checkDist()
	if left, err := filepath.Glob(filepath.Join(c.dir, Dist, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left in dist/: %v, %v", left, err)
	}
	if left := enginetest.Containers(t, e, "kiln-build-killed-"); len(left) > 0 {
		t.Errorf("left in the engine: %v", left)
	}
}

// killed returns the environment of the shipped kernel under a different name, in its nth
// configuration: each takes an incremental build of the few files that include that option.
func killed(n int) []string {
	return []string{
		"KILN_KERNEL_NAME=killed", "KILN_KERNEL_ARCH=amd64", "KILN_KERNEL_SOURCE=debian",
		fmt.Sprintf(`KILN_KERNEL_CONFIG=tinyconfig,config/micro.config,CONFIG_DEFAULT_HOSTNAME="killed%d"`, n),
	}
}

// runKilled runs the whole job, kills it after a while, and reports whether it had succeeded
// before. A run that fails by itself fails the test.
func (c clone) runKilled(env []string, after time.Duration) (ended bool, log string) {
	c.t.Helper()
	cmd := exec.Command(c.kiln, "all")
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, append(os.Environ(), env...), &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	kill := time.AfterFunc(after, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	err := cmd.Wait()
	if early := kill.Stop(); early && err != nil {
		c.t.Fatalf("failed by itself: %v\n%s", err, &out)
	}
	return err == nil, out.String()
}

// checkDist parses every document in dist/, and compares every file of a kernel that has a
// manifest with its sha256.
func (c clone) checkDist() {
	c.t.Helper()
	root := filepath.Join(c.dir, Dist)
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && !json.Valid(text) {
			c.t.Errorf("%s is incomplete:\n%s", path, text)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		c.t.Error(err)
	}
	manifests, err := filepath.Glob(filepath.Join(root, "kernels", "*", "manifest.json"))
	if err != nil {
		c.t.Error(err)
	}
	for _, path := range manifests {
		var m plan.Manifest
		if err := report.Read(path, &m); err != nil {
			c.t.Error(err)
		}
		for _, a := range m.Artefacts {
			if err := trust.CheckHash(filepath.Join(filepath.Dir(path), a.Path), a.SHA256); err != nil {
				c.t.Errorf("%s differs from %s: %v", a.Path, path, err)
			}
		}
	}
}
