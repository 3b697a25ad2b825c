package source

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/kernel/release"
)

// git is a repository: git+https://host/linux.git#REF, REF being a branch, a tag
// or a commit; without one it is what the repository's HEAD names.
type git struct {
	room     Room
	url, ref string
}

func newGit(r Room, address string) (origin, error) {
	url, ref, _ := strings.Cut(address, "#")
	if ref == "" {
		ref = "HEAD"
	}
	if strings.HasPrefix(ref, "-") || strings.HasPrefix(url, "-") {
		return nil, fault.New(fault.Usage, "", "read git source %q: a name cannot begin with a dash", address)
	}
	return git{room: r, url: url, ref: ref}, nil
}

// commitForm is a full commit id, which needs no question to the repository.
var commitForm = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// resolve asks the repository for the commit, and reads the version out of that
// commit's Makefile: nothing else tells it.
func (g git) resolve(ctx context.Context, want release.Want) (Ref, error) {
	image, err := g.room.Image(ctx)
	if err != nil {
		return Ref{}, err
	}
	box, err := g.room.box(ctx, image, Ref{Kind: Git})
	if err != nil {
		return Ref{}, err
	}
	defer box.Remove()
	commit, err := g.commit(ctx, box)
	if err != nil {
		return Ref{}, err
	}
	if err := g.fetch(ctx, box, commit, "/tmp/repository"); err != nil {
		return Ref{}, err
	}
	makefile, err := box.Output(ctx, docker.Command{Argv: []string{"git", "-C", "/tmp/repository", "show", commit + ":Makefile"}})
	if err != nil {
		return Ref{}, fault.New(fault.Usage, "is it a kernel's repository?", "read its Makefile: %w", err)
	}
	version, err := makefileVersion(makefile)
	if err != nil {
		return Ref{}, err
	}
	if !want.Admits(version) {
		return Ref{}, fault.New(fault.Usage, "ask for another version, or name another ref behind #", "its %s is %s", g.ref, version)
	}
	return Ref{Kind: Git, Version: version, URL: g.url, Commit: commit, Signature: Signature{Status: "none"}}, nil
}

func (g git) commit(ctx context.Context, box *docker.Container) (string, error) {
	if commitForm.MatchString(g.ref) {
		return g.ref, nil
	}
	out, err := box.Output(ctx, docker.Command{Argv: []string{"git", "ls-remote", g.url, g.ref, g.ref + "^{}"}})
	if err != nil {
		return "", fault.New(fault.Surroundings, "is it reachable from the engine's containers?", "ask %s: %w", g.url, err)
	}
	commit := ""
	for line := range strings.Lines(out) { // the peeled tag, ^{}, comes last
		commit, _, _ = strings.Cut(line, "\t")
	}
	if commit == "" {
		return "", fault.New(fault.Usage, "name a branch, a tag or a commit behind #", "%s has no %s", g.url, g.ref)
	}
	return commit, nil
}

// fetch brings one commit, without its history, into a bare repository.
func (g git) fetch(ctx context.Context, box *docker.Container, commit, dir string) error {
	for _, argv := range [][]string{
		{"git", "init", "--quiet", "--bare", dir},
		{"git", "-C", dir, "fetch", "--quiet", "--depth=1", g.url, commit},
	} {
		if _, err := box.Output(ctx, docker.Command{Argv: argv}); err != nil {
			return fault.New(fault.Surroundings, "is it reachable, and does it serve single commits?", "fetch %s: %w", g.url, err)
		}
	}
	return nil
}

func (g git) unpack(ctx context.Context, box *docker.Container, ref Ref) error {
	progress := g.room.Console.Progress("fetch " + g.url)
	if err := g.fetch(ctx, box, ref.Commit, "/tmp/repository"); err != nil {
		progress.End("failed")
		return err
	}
	progress.End("commit " + ref.Commit)
	// git archive and not checkout: every file gets the commit's time.
	const tarball = "/tmp/linux.tar"
	_, err := box.Output(ctx, docker.Command{Argv: []string{
		"git", "-C", "/tmp/repository", "archive", "--prefix=linux/", "--output=" + tarball, ref.Commit,
	}})
	if err != nil {
		return fmt.Errorf("unpack %s: %w", g.url, err)
	}
	return g.room.untar(ctx, box, tarball)
}
