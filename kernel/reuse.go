package kernel

import (
	"context"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/kernel/source"
)

// reuse gets the output tree of the last build ready to be built upon: what differs
// in the source is made newer than what was built from it, and make(1) does the rest.
// What cannot be built upon is removed.
func (j *job) reuse(ctx context.Context) error {
	now := j.origin()
	last, err := j.lastOrigin(ctx)
	if err != nil {
		return err
	}
	why, differ, err := j.clean(ctx, last, now)
	if err != nil {
		return err
	}
	if why == "" {
		j.since = last.others(now.Source)
		now.Since = j.origin().Since
	}
	switch {
	case why != "":
		if err = j.startClean(ctx, why, last); err == nil {
			now.Final, err = j.keptConfig(ctx)
		}
	case differ.CodeOnly():
		now.Final = j.lastConfig(ctx, last)
	}
	j.over, j.configured = why == "", now.Final != ""
	if err != nil {
		return err
	}
	return j.putOrigin(ctx, now)
}

// startClean empties the output tree, and says why if there was something in it.
func (j *job) startClean(ctx context.Context, why string, last origin) error {
	if last != (origin{}) {
		j.works.Console.Say("kernel %s: starts clean: %s", j.ready.plan.Folder(), why)
	}
	_, err := j.box.Output(ctx, docker.Command{Argv: []string{"find", outputDir, "-mindepth", "1", "-delete"}})
	return fault.Wrap(fault.Surroundings, err)
}

// lastConfig gives the sha256 of the configuration in the output tree if the same was
// asked then and nobody has changed it since, else "".
func (j *job) lastConfig(ctx context.Context, last origin) string {
	sum, err := j.box.Output(ctx, docker.Command{Argv: []string{"sha256sum", configFile}})
	if err != nil || last.Final == "" || last.Asked != j.ready.plan.asked() || !strings.HasPrefix(sum, last.Final+" ") {
		return ""
	}
	return last.Final
}

// clean says why the output tree cannot be built upon, or "" where it can, and in what
// the source differs.
func (j *job) clean(ctx context.Context, last, now origin) (why string, differ source.Difference, err error) {
	switch {
	case last == origin{}:
		return "nothing is known of its output", differ, nil
	case last.Toolchain != now.Toolchain:
		return "its toolchain is another", differ, nil
	case last.Series != now.Series:
		return fmt.Sprintf("its output was made from %s", last.Series), differ, nil
	}
	return j.renew(ctx, last.others(now.Source))
}

// renew makes newer what differs from each source that objects of the output may be from.
func (j *job) renew(ctx context.Context, others []string) (why string, differ source.Difference, err error) {
	for _, other := range others {
		d, known, err := j.works.Sources.Renew(ctx, other, j.tree)
		if err != nil || !known {
			return "the source of its output is gone, or another altogether", differ, err
		}
		differ.Changed = append(differ.Changed, d.Changed...)
		differ.Gone += d.Gone
	}
	if len(others) > 0 {
		j.works.Console.Say("kernel %s: builds on its last output: %d files of the source differ", j.ready.plan.Folder(), differ.Files())
	}
	return "", differ, nil
}
