package kernel

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/reproduce"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// ReproduceSchema names the form of reproduce.json, which lies beside a kernel.
const ReproduceSchema = "kiln/reproduce/v1"

// reproduceFile is where it lies.
const reproduceFile = "reproduce.json"

// Reproduction is what became of a second build of a plan.
type Reproduction struct {
	Schema      string                 `json:"schema"`
	Name        string                 `json:"name"`
	Version     string                 `json:"version"`
	Arch        string                 `json:"arch"`
	Plan        string                 `json:"plan"`
	Same        bool                   `json:"same"`   // every artefact, byte by byte
	Varied      []string               `json:"varied"` // what was another in the second build
	Artefacts   []Artefact             `json:"artefacts"`
	Differences []reproduce.Difference `json:"differences"`
	Seconds     float64                `json:"seconds"`
}

// String tells the outcome.
func (r Reproduction) String() string {
	return fmt.Sprintf("%s-%s-%s: %s", r.Name, r.Version, r.Arch, r.Outcome())
}

// Outcome tells it without the kernel's name.
func (r Reproduction) Outcome() string {
	if r.Same {
		return fmt.Sprintf("built twice, %d files the same byte by byte (another %s)", len(r.Artefacts), strings.Join(r.Varied, ", "))
	}
	lines := []string{"two builds differ"}
	for _, d := range r.Differences {
		lines = append(lines, "  "+d.String())
	}
	return strings.Join(lines, "\n")
}

// Err makes an error of builds that differ.
func (r Reproduction) Err() error {
	if r.Same {
		return nil
	}
	return fault.New(fault.Failed, "", "reproduce kernel %s-%s-%s: two builds of one plan differ", r.Name, r.Version, r.Arch)
}

// variation is what is another in a second build.
type variation struct {
	root  string // the folder below which source and output lie
	host  string // the machine's name
	later int    // seconds that its clock is ahead
}

// rebuildVariation is the variation that Reproduce builds with.
var rebuildVariation = variation{root: "/elsewhere", host: "another-machine", later: 400*24*3600 + 7*3600 + 1}

func (v variation) names() []string {
	return []string{"folder", "machine's name", "time", "number of jobs", "order of folders"}
}

// moved gives a word of a command with the folders of the variation.
func (v variation) moved(word string) string {
	return strings.NewReplacer(sourceDir+"/", v.root+sourceDir+"/", outputDir+"/", v.root+outputDir+"/",
		"O="+outputDir, "O="+v.root+outputDir,
		"map="+sourceDir+"=", "map="+v.root+sourceDir+"=", "map="+outputDir+"=", "map="+v.root+outputDir+"=").Replace(v.whole(word))
}

// step gives a step in the folders of the variation.
func (v variation) step(s Step) Step {
	s.Argv = slices.Clone(s.Argv)
	for i := range s.Argv {
		s.Argv[i] = v.moved(s.Argv[i])
	}
	s.Dir = v.moved(s.Dir)
	return s
}

// whole moves a word that is one of the folders itself.
func (v variation) whole(word string) string {
	if word == sourceDir || word == outputDir {
		return v.root + word
	}
	return word
}

// Reproduce builds a kernel's plan once more, from nothing, in another folder, on a
// machine of another name, later, with another number of jobs and with folders read in
// the opposite order, and compares every artefact with those in dist/. Where they
// differ it builds a third time, to find out where and why.
func (w *Builder) Reproduce(ctx context.Context, s Spec, folder string) (Reproduction, error) {
	m, err := checkFolder(folder)
	if err != nil {
		return Reproduction{}, err
	}
	r := Reproduction{Schema: ReproduceSchema, Name: m.Name, Version: m.Version, Arch: m.Arch, Plan: m.Plan, Varied: rebuildVariation.names()}
	dir, remove, err := scratch.Dir("reproduce")
	if err != nil {
		return r, err
	}
	defer remove()
	plain := *w
	plain.Limits.CCache, plain.group = "0", nil // a cache would only give what the first build made
	took, err := plain.buildOnce(ctx, s, m.Plan, &rebuildVariation, filepath.Join(dir, "second"))
	if err != nil {
		return r, err
	}
	r.Seconds = took
	r.Artefacts = m.reproducible()
	second := filepath.Join(dir, "second")
	r.Differences, err = compare(folder, second, r.Artefacts, optionsOf(folder))
	if err != nil {
		return r, err
	}
	if r.Same = len(r.Differences) == 0; !r.Same {
		w.Console.Logf("kernel %s: a second build differs; a third one, like the first, shows where", filepath.Base(folder))
		if _, err := plain.buildOnce(ctx, s, m.Plan, nil, filepath.Join(dir, "first")); err != nil {
			return r, err
		}
		inside, err := compare(filepath.Join(dir, "first"), second, r.Artefacts, optionsOf(folder))
		if err != nil {
			return r, err
		}
		if len(inside) > 0 {
			r.Differences = inside
		} else {
			w.Console.Logf("kernel %s: two builds from nothing are the same: it is the one in dist/ that cannot be repeated", filepath.Base(folder))
		}
	}
	return r, report.Write(filepath.Join(folder, reproduceFile), r)
}

// reproducible gives the artefacts that another build must give again: not the log and
// the record of how it went.
func (m Manifest) reproducible() (list []Artefact) {
	for _, a := range m.Artefacts {
		if a.Path != logFile && a.Path != planFile {
			list = append(list, a)
		}
	}
	return list
}

// compare gives the places in which two folders with a kernel's artefacts differ.
func compare(first, second string, list []Artefact, options map[string]string) ([]reproduce.Difference, error) {
	var names []string
	for _, a := range list {
		names = append(names, a.Path)
	}
	// What the second alone has is a difference too.
	err := filepath.WalkDir(second, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(second, file)
		if name != reproduce.Vmlinux && !slices.Contains(names, name) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	found, err := reproduce.Compare(first, second, names, reproduce.Markers{
		Places: []string{rebuildVariation.root}, Hosts: []string{rebuildVariation.host}, Options: options,
	})
	return append([]reproduce.Difference{}, found...), err // [] in JSON, never null
}

// buildOnce builds a plan from nothing and copies the artefacts, and vmlinux, to a folder.
// Nothing of it stays in the engine.
func (w *Builder) buildOnce(ctx context.Context, s Spec, plan string, v *variation, dir string) (seconds float64, err error) {
	return firstSource(ctx, w, s, func(r candidate) (float64, error) {
		if r.plan.Hash() != plan {
			return 0, fault.New(fault.Usage, "build it anew: go tool mage kernel extract", "the plan of kernel %s has changed since it was built", r.plan.Folder())
		}
		tree, err := w.fetch(ctx, r)
		if err != nil {
			return 0, err
		}
		r.plan = r.plan.withOutputSuffix("-again")
		unlock, _, err := w.acquireOutput(ctx, r.plan)
		if err != nil {
			return 0, err
		}
		defer unlock()
		if err := w.Engine.RemoveVolume(ctx, r.plan.mounted(outputDir)); err != nil {
			return 0, err
		}
		defer w.Engine.RemoveVolume(context.WithoutCancel(ctx), r.plan.mounted(outputDir))
		return w.buildTo(ctx, r, tree, v, dir)
	})
}

func (w *Builder) buildTo(ctx context.Context, r candidate, tree source.Tree, v *variation, dir string) (seconds float64, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, fault.Wrap(fault.Environment, err)
	}
	j, err := w.newRun(ctx, r, tree)
	if err != nil {
		return 0, err
	}
	j.rebuild = true
	if j.vary = v; v != nil {
		j.jobs = 2*j.jobs + 1
	}
	if err := j.open(ctx); err != nil {
		return 0, err
	}
	defer j.ctr.Remove()
	if err := j.steps(ctx); err != nil {
		j.reportFailure(err)
		return 0, err
	}
	for _, s := range j.done {
		seconds += s.Seconds
	}
	if err := j.ctr.Get(ctx, path.Join(outputDir, reproduce.Vmlinux), dir); err != nil {
		w.Console.Logf("kernel %s: there is no vmlinux to look into: %v", r.plan.Folder(), err)
	}
	return seconds, j.ctr.Get(ctx, resultDir+"/.", dir)
}

// prepareVariation puts the folders of a variation where Kiln itself looks for them,
// and builds what is loaded into every program.
func (j *run) prepareVariation(ctx context.Context) error {
	v := j.vary
	if err := j.ctr.Put(ctx, "/", inputFile(varySource, reproduce.Vary)); err != nil {
		return err
	}
	for _, argv := range [][]string{
		{"ln", "-s", v.root + sourceDir, sourceDir}, {"ln", "-s", v.root + outputDir, outputDir},
		{"gcc", "-shared", "-fPIC", "-O1", "-o", varyLibrary, varySource},
	} {
		if _, err := j.ctr.Output(ctx, engine.Command{Argv: argv, User: "0:0"}); err != nil {
			return err
		}
	}
	return nil
}

// Where the library that varies a build lies in its container.
const (
	varySource  = inputDir + "-vary.c"
	varyLibrary = "/usr/local/lib/kiln-vary.so"
)

// varyEnv has every program load it.
func (j *run) varyEnv() []string {
	if j.vary == nil {
		return nil
	}
	return []string{"LD_PRELOAD=" + varyLibrary, fmt.Sprintf("%s=%d", reproduce.LaterVariable, j.vary.later)}
}
