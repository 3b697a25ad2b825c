package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// labelName is the label of an image that keeps what is in it: a content as JSON.
const labelName = "kiln.toolchain"

// content is what an image's label keeps.
type content struct {
	Recipe    string         `json:"recipe"` // see recipeHash
	From      string         `json:"from"`   // where its base came from
	Toolchain plan.Toolchain `json:"toolchain"`
}

// readLabel returns the content that an image's label keeps, and whether it is whole.
func readLabel(found engine.Image) (c content, ok bool) {
	err := json.Unmarshal([]byte(found.Labels[labelName]), &c)
	t := c.Toolchain
	return c, err == nil && c.Recipe != "" && t.Name != "" && t.CC != "" && len(t.Packages) > 0 && len(t.Programs) > 0
}

// labelled makes an image tag of the image ref, with its content as a label, and returns its id.
func labelled(ctx context.Context, bases base.Provider, ref, tag string, c content) (id string, err error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	dir, remove, err := scratch.Dir(kind)
	if err != nil {
		return "", err
	}
	defer remove()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("ARG BASE\nFROM ${BASE}\n"), 0o644); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	return bases.Engine.Build(ctx, engine.Build{
		Kind: kind, Context: dir, Tags: []string{tag}, Args: map[string]string{"BASE": ref}, Labels: map[string]string{labelName: string(text)},
	}, bases.Console)
}

// relabelled looks into an image that the engine has under a tag, and labels it: it was made by
// an older Kiln, or its label is damaged. The image without the label is removed.
func (i *Images) relabelled(ctx context.Context, found engine.Image, w wanted) (Image, error) {
	root, err := i.base(ctx)
	if err != nil {
		return Image{}, err
	}
	image, err := i.identified(ctx, w.tag, w, root.From)
	if err == nil && image.ID != found.ID {
		err = i.bases.Engine.Release(ctx, found.ID)
	}
	return image, err
}

// identified looks into the image ref, gives it its label under the wanted tag, and returns it.
// One that is not what is pinned is an errUnlike.
func (i *Images) identified(ctx context.Context, ref string, w wanted, from string) (Image, error) {
	tools, err := identify(ctx, i.bases.Engine, ref, w.compiler)
	if err == nil {
		err = w.pin.check(tools)
	}
	if err != nil {
		return Image{}, err
	}
	id, err := labelled(ctx, i.bases, ref, w.tag, content{Recipe: w.recipe, From: from, Toolchain: tools})
	return Image{ID: id, From: from, Toolchain: tools}, err
}

// removeUnlabelled removes the images of a name that an older Kiln made, unless something uses
// them: nothing finds them any more.
func removeUnlabelled(ctx context.Context, e *engine.Client, w wanted) error {
	list, err := e.Images(ctx, kind, nil)
	var errs []error
	for _, found := range list {
		if _, ok := readLabel(found); !ok && w.hasTag(found) {
			_, _, err := e.Evict(ctx, found.ID)
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, err)...)
}

// recipeHash returns a hash of Kiln's part of an image with a compiler: its Dockerfile, the
// packages that are asked for, and Kiln's programs.
func recipeHash(c arch.Compiler) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n", c.Packages)
	err := hashFolder(sum, docker.Toolchain)
	return hex.EncodeToString(sum.Sum(nil)), err
}
