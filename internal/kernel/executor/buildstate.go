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

// buildState is what an output tree was made from. It is stored in the tree.
type buildState struct {
	Toolchain string `json:"toolchain"` // the image's id
	Series    string `json:"series"`    // as "6.12"
	Source    string `json:"source"`    // the source's volume
	Files     string `json:"files"`     // sha256 of the list of files laid in the source; "" for none
	Since     string `json:"since"`     // source volumes of earlier builds that did not succeed: some objects may be from them
	Asked     string `json:"asked"`     // sha256 of how the configuration is made
	Final     string `json:"final"`     // sha256 of the final configuration; "" until it is made
	Open      bool   `json:"open"`      // a build is in progress, or was interrupted
}

// buildStateFile is its file, in the output tree.
const buildStateFile = ".kiln.json"

// state returns the state of the output tree, given the sha256 of its final
// configuration, "" until that is made.
func (r *run) state(final string) buildState {
	p := r.task.Plan
	return buildState{
		Toolchain: p.Toolchain.Image, Source: source.Volume(p.Source, p.Patches, p.Files...), Files: p.FilesHash(),
		Series: p.Source.Version.Series(), Asked: p.AskedHash(), Final: final, Since: strings.Join(r.priorSources, " "),
		Open: !r.ended,
	}
}

// otherSources returns the source volumes, except now, that objects may be from.
func (s buildState) otherSources(now string) (list []string) {
	for _, volume := range append(strings.Fields(s.Since), s.Source) {
		if volume != now && !slices.Contains(list, volume) {
			list = append(list, volume)
		}
	}
	return list
}

// writeState stores the state of the output tree in it.
func (r *run) writeState(ctx context.Context, s buildState) error {
	if r.task.Scratch {
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return r.ctr.Put(ctx, "/", inputFile(path.Join(plan.OutputDir, buildStateFile), string(text)))
}

// readState returns the state of the output tree, a zero one where the tree has none or
// it cannot be parsed.
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

// finish records in the output tree that a build has ended and left no partial files,
// and, if it succeeded, that every object is from the current source. An interrupted
// build is not recorded. It returns failed, the build's error, with its own.
func (r *run) finish(ctx context.Context, failed error) error {
	if r.interrupted || ctx.Err() != nil {
		return failed
	}
	r.ended = true
	if failed == nil {
		r.priorSources = nil
	}
	return errors.Join(failed, r.writeState(ctx, r.state(r.finalSum)))
}
