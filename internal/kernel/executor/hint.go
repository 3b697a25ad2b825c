package executor

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// similarTarget returns, for a failed step that makes a target of the configuration which the
// source does not have, the most similar one that it has; else "".
func (r *run) similarTarget(ctx context.Context, s plan.Step) string {
	p := r.task.Plan
	if !slices.ContainsFunc(p.Config, func(item spec.Item) bool { return item.Target == s.Name }) {
		return ""
	}
	target := r.task.Spec.Arch.ConfigTarget(s.Name)
	folders := []string{path.Join(plan.SourceDir, "arch", r.task.Spec.Arch.Source, "configs"), path.Join(plan.SourceDir, "kernel/configs")}
	out, err := r.ctr.Output(ctx, engine.Command{Argv: append(append([]string{"find"}, folders...), "-type", "f", "-printf", `%P\n`)})
	if err != nil && !engine.CommandFailed(err) { // one of them may not exist
		return ""
	}
	known := strings.Fields(out)
	if slices.Contains(known, target) { // it failed for a different reason
		return ""
	}
	text := fmt.Sprintf("%s has no configuration %s for %s", p.Version, target, p.Arch)
	if near, ok := suggest.Search(target, known, true); ok {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return text
}

// notThere matches what the kernel's build prints about a file that it does not find.
var notThere = regexp.MustCompile(`No rule to make target|[Cc]an(?:not|'t) open|No such file`)

// namedFile returns the file that the value of an option names and that a command did not
// find: one that checkValues takes for present, as some Makefiles look in fewer folders.
func (r *run) namedFile(found diagnose.Failure) (kconfig.FileRef, bool) {
	lines := found.Tail
	if found.First != nil {
		lines = []string{found.First.Raw}
	}
	for _, file := range kconfig.Files(r.final, r.task.Spec.Arch.Source) {
		for _, line := range lines {
			if notThere.MatchString(line) && strings.Contains(line, file.File) {
				return file, true
			}
		}
	}
	return kconfig.FileRef{}, false
}
