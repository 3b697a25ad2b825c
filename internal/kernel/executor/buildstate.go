package executor

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// buildState is what an output tree was made from. It is kept in the tree.
type buildState struct {
	Toolchain string `json:"toolchain"` // the image's id
	Series    string `json:"series"`    // 6.12
	Source    string `json:"source"`    // the volume of the source
	Since     string `json:"since"`     // those of earlier builds that did not end: some objects may be from them
	Asked     string `json:"asked"`     // sha256 of how the configuration was made
	Final     string `json:"final"`     // sha256 of the configuration that came of it; "" before that
	Open      bool   `json:"open"`      // a build is under way, or was broken off
}

// buildStateFile is where it is kept.
const buildStateFile = ".kiln.json"

// state gives what the output tree is made from, with the sha256 of its final
// configuration, "" before that.
func (r *run) state(final string) buildState {
	p := r.task.Plan
	return buildState{
		Toolchain: p.Toolchain.Image, Source: source.Volume(p.Source, p.Patches),
		Series: p.Source.Version.Series(), Asked: p.AskedHash(), Final: final, Since: strings.Join(r.priorSources, " "),
		Open: !r.ended,
	}
}

// otherSources gives the sources besides one that objects of the output may be from.
func (o buildState) otherSources(now string) (list []string) {
	for _, volume := range append(strings.Fields(o.Since), o.Source) {
		if volume != now && !slices.Contains(list, volume) {
			list = append(list, volume)
		}
	}
	return list
}

// writeState writes down what the output tree is made from.
func (r *run) writeState(ctx context.Context, o buildState) error {
	if r.task.Scratch {
		return nil
	}
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return r.ctr.Put(ctx, "/", inputFile(path.Join(plan.OutputDir, buildStateFile), string(text)))
}

// readState reads what the output tree was made from; nothing is known of an empty one.
func (r *run) readState(ctx context.Context) (last buildState, err error) {
	text, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"cat", path.Join(plan.OutputDir, buildStateFile)}})
	var exit *engine.ExitError
	if errors.As(err, &exit) {
		return buildState{}, nil
	}
	if err != nil {
		return buildState{}, err
	}
	if json.Unmarshal([]byte(text), &last) != nil {
		return buildState{}, nil
	}
	return last, nil
}
