package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// origin is what an output tree was made from. It is kept in the tree.
type origin struct {
	Toolchain string `json:"toolchain"` // the image's id
	Series    string `json:"series"`    // 6.12
	Source    string `json:"source"`    // the volume of the source
	Since     string `json:"since"`     // those of earlier builds that did not end: some objects may be from them
	Asked     string `json:"asked"`     // sha256 of how the configuration was made
	Final     string `json:"final"`     // sha256 of the configuration that came of it; "" before that
	Open      bool   `json:"open"`      // a build is under way, or was broken off
}

// originFile is where it is kept.
const originFile = ".kiln.json"

// origin gives what the output tree is made from, with the sha256 of its final
// configuration, "" before that.
func (j *job) origin(final string) origin {
	p := j.ready.plan
	return origin{
		Toolchain: p.Toolchain.Image, Source: source.Volume(p.Source, p.Patches),
		Series: p.Source.Version.Series(), Asked: p.asked(), Final: final, Since: strings.Join(j.since, " "),
		Open: !j.ended,
	}
}

// others gives the sources besides one that objects of the output may be from.
func (o origin) others(now string) (list []string) {
	for _, volume := range append(strings.Fields(o.Since), o.Source) {
		if volume != now && !slices.Contains(list, volume) {
			list = append(list, volume)
		}
	}
	return list
}

// asked is the sha256 of the steps that make the configuration and of what they are
// given.
func (p Plan) asked() string {
	text, _ := json.Marshal([]any{p.Config, p.Steps[:p.checks()+1]}) // plain values: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// putOrigin writes down what the output tree is made from.
func (j *job) putOrigin(ctx context.Context, o origin) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return j.box.Put(ctx, "/", inputFile(path.Join(outputDir, originFile), string(text)))
}

// lastOrigin reads what the output tree was made from; nothing is known of an empty one.
func (j *job) lastOrigin(ctx context.Context) (last origin, err error) {
	text, err := j.box.Output(ctx, engine.Command{Argv: []string{"cat", path.Join(outputDir, originFile)}})
	var exit *engine.ExitError
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
