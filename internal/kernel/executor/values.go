package executor

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/moby/buildkit/util/suggest"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// checkValues finds, in the final configuration, what would fail the build after minutes of
// compiling, and what has no effect.
func (r *run) checkValues(ctx context.Context) (err error) {
	if r.missing, err = r.missingFiles(ctx); err != nil {
		return err
	}
	if r.release, err = r.configuredRelease(ctx); err != nil {
		return err
	}
	undefined, err := r.undefinedOptions(ctx)
	if err != nil {
		return err
	}
	r.configWarnings = append(r.configWarnings, undefined...)
	r.configWarnings = append(r.configWarnings, kconfig.Needless(r.task.Spec.Allow, r.verdicts)...)
	return nil
}

// missingFiles returns the files that the final configuration names and that are neither in
// the source's tree nor in the output tree.
func (r *run) missingFiles(ctx context.Context) (missing []kconfig.FileRef, err error) {
	files := kconfig.Files(r.final, r.task.Spec.Arch.Source)
	var places []string
	for _, file := range files {
		for _, name := range file.Paths {
			places = append(places, placesOf(name)...)
		}
	}
	found, err := r.existing(ctx, places)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if !findable(file, found) {
			file.Where = r.askedAt(file.Option)
			missing = append(missing, file)
		}
	}
	return missing, nil
}

// placesOf returns where a path that an option names can be in the container.
func placesOf(name string) []string {
	if strings.HasPrefix(name, "/") {
		return []string{name}
	}
	return []string{plan.SourceDir + "/" + name, plan.OutputDir + "/" + name}
}

// findable reports whether a file is at one of its places.
func findable(file kconfig.FileRef, found map[string]bool) bool {
	for _, name := range file.Paths {
		for _, place := range placesOf(name) {
			if found[place] {
				return true
			}
		}
	}
	return false
}

// existing returns which paths of the container exist.
func (r *run) existing(ctx context.Context, paths []string) (map[string]bool, error) {
	found := map[string]bool{}
	if len(paths) == 0 {
		return found, nil
	}
	out := new(strings.Builder)
	err := r.ctr.Exec(ctx, engine.Command{
		Argv:  []string{"find", "-L", "-files0-from", "-", "-maxdepth", "0", "-print0"},
		Stdin: strings.NewReader(strings.Join(paths, "\x00")), Stdout: out,
	})
	if err != nil && !engine.CommandFailed(err) { // it fails for those that do not exist
		return nil, err
	}
	for name := range strings.SplitSeq(out.String(), "\x00") {
		found[name] = true
	}
	return found, nil
}

// askedAt returns where an option is asked for, or "".
func (r *run) askedAt(option string) string {
	for _, v := range r.verdicts {
		if v.Name == option {
			return v.Where
		}
	}
	return ""
}

// releaseScript prints the beginning of the source's Makefile, and after a NUL what the files
// localversion* add to the release, as the kernel's scripts/setlocalversion does.
const releaseScript = `head -n 30 "$1/Makefile"; printf '\000'
for f in "$2"/localversion* "$1"/localversion*; do
	case "$f" in *~*) continue ;; esac
	if test -e "$f"; then printf %s "$(cat "$f")"; fi
done`

// makefileVersion matches the parts of the version in the kernel's Makefile.
var makefileVersion = regexp.MustCompile(`(?m)^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *(\S*)`)

// configuredRelease returns what uname -r will print in a kernel with the final configuration.
func (r *run) configuredRelease(ctx context.Context) (string, error) {
	out, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"sh", "-c", releaseScript, "sh", plan.SourceDir, plan.OutputDir}})
	if err != nil {
		return "", fmt.Errorf("read the version of the source: %w", err)
	}
	makefile, local, _ := strings.Cut(out, "\x00")
	part := map[string]string{}
	for _, m := range makefileVersion.FindAllStringSubmatch(makefile, -1) {
		part[m[1]] = m[2]
	}
	version := part["VERSION"]
	for _, name := range []string{"PATCHLEVEL", "SUBLEVEL"} {
		if part[name] != "" {
			version += "." + part[name]
		}
	}
	if configured, ok := r.final["CONFIG_LOCALVERSION"]; ok && configured != "n" {
		local += kconfig.Unquote(configured)
	}
	return version + part["EXTRAVERSION"] + local, nil
}

// undefinedOptions warns of each option that is asked to be off and that no Kconfig file of
// the source defines: off it is, but a different option may be meant.
func (r *run) undefinedOptions(ctx context.Context) (warnings []string, err error) {
	var absent []kconfig.Verdict
	for _, v := range r.verdicts {
		if _, present := r.final[v.Name]; v.Kept() && !present && !v.Complete {
			absent = append(absent, v)
		}
	}
	if len(absent) == 0 {
		return nil, nil
	}
	out, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"grep", "-rhoE", "--include=Kconfig*", `^[[:space:]]*(menu)?config[[:space:]]+[A-Za-z0-9_]+`, plan.SourceDir + "/"}})
	if engine.CommandFailed(err) { // there are none
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	known, list := map[string]bool{}, []string{}
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		name := "CONFIG_" + words[len(words)-1]
		if !known[name] {
			known[name], list = true, append(list, name)
		}
	}
	for _, v := range absent {
		if known[v.Name] {
			continue
		}
		hint := ""
		if near, ok := suggest.Search(v.Name, list, true); ok {
			hint = "; did you mean " + near + "?"
		}
		warnings = append(warnings, fmt.Sprintf("%s: no Kconfig file of this kernel defines %s%s", v.Where, v.Name, hint))
	}
	return warnings, nil
}
