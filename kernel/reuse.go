package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/kernel/source"
)

// origin is what an output tree was made from. It is kept in the tree.
type origin struct {
	Toolchain string `json:"toolchain"` // the image's id
	Series    string `json:"series"`    // 6.12
	Source    string `json:"source"`    // the volume of the source
}

// originFile is where it is kept.
const originFile = ".kiln.json"

func (j *job) origin() origin {
	p := j.ready.plan
	return origin{
		Toolchain: p.Toolchain.Image, Source: source.Volume(p.Source, p.Patches),
		Series: p.Source.Version.Series(),
	}
}

// reuse gets the output tree of the last build ready to be built upon: what differs
// in the source is made newer than what was built from it, and make(1) does the rest.
// What cannot be built upon is removed.
func (j *job) reuse(ctx context.Context) error {
	now := j.origin()
	last, err := j.lastOrigin(ctx)
	if err != nil {
		return err
	}
	why, err := j.clean(ctx, last, now)
	if err != nil {
		return err
	}
	if why != "" {
		if last != (origin{}) {
			j.works.Console.Say("kernel %s: starts clean: %s", j.ready.plan.Folder(), why)
		}
		if _, err := j.box.Output(ctx, docker.Command{Argv: []string{"find", outputDir, "-mindepth", "1", "-delete"}}); err != nil {
			return fault.Wrap(fault.Surroundings, err)
		}
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	return j.box.Put(ctx, "/", inputFile(path.Join(outputDir, originFile), string(text)))
}

// lastOrigin reads what the output tree was made from; nothing is known of an empty one.
func (j *job) lastOrigin(ctx context.Context) (last origin, err error) {
	text, err := j.box.Output(ctx, docker.Command{Argv: []string{"cat", path.Join(outputDir, originFile)}})
	var exit *docker.ExitError
	if errors.As(err, &exit) {
		return origin{}, nil
	}
	if err != nil {
		return origin{}, err
	}
	if json.Unmarshal([]byte(text), &last) != nil {
		return origin{}, nil
	}
	return last, nil
}

// clean says why the output tree cannot be built upon, or "" where it can.
func (j *job) clean(ctx context.Context, last, now origin) (why string, err error) {
	switch {
	case last == origin{}:
		return "nothing is known of its output", nil
	case last.Toolchain != now.Toolchain:
		return "its toolchain is another", nil
	case last.Series != now.Series:
		return fmt.Sprintf("its output was made from %s", last.Series), nil
	case last.Source == now.Source:
		return "", nil
	}
	differ, known, err := j.works.Sources.Renew(ctx, last.Source, j.tree)
	if err != nil || !known {
		return "the source of its output is gone", err
	}
	j.works.Console.Say("kernel %s: builds on its last output: %d files of the source differ", j.ready.plan.Folder(), differ)
	return "", nil
}
