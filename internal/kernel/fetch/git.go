package fetch

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// git is a repository: git+https://host/linux.git#REF, REF being a branch, a tag
// or a commit; without one it is what the repository's HEAD names.
type git struct {
	room     Fetcher
	url, ref string
	strict   bool // only a tag that was signed by a maintainer will do
}

func newGit(r Fetcher, address string) (provider, error) {
	url, ref, _ := strings.Cut(address, "#")
	if ref == "" {
		ref = "HEAD"
	}
	if strings.HasPrefix(ref, "-") || strings.HasPrefix(url, "-") {
		return nil, fault.New(fault.Usage, "", "read git source %q: a name cannot begin with a dash", address)
	}
	return git{room: r, url: url, ref: ref}, nil
}

// repository is where a repository lies in a container.
const repository = "/tmp/repository"

// commitForm is a full commit id, which needs no question to the repository.
var commitForm = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// resolve asks the repository for the commit, and reads the version out of that
// commit's Makefile: nothing else tells it.
func (g git) resolve(ctx context.Context, want release.Constraint) (source.Ref, error) {
	ctr, err := g.room.container(ctx, source.Ref{Kind: source.Git})
	if err != nil {
		return source.Ref{}, err
	}
	defer ctr.Remove()
	ref, err := g.find(ctx, ctr)
	if err != nil {
		return source.Ref{}, err
	}
	if err := g.fetch(ctx, ctr, ref); err != nil {
		return source.Ref{}, err
	}
	makefile, err := ctr.Output(ctx, engine.Command{Argv: []string{"git", "-C", repository, "show", ref.Commit + ":Makefile"}})
	if err != nil {
		return source.Ref{}, fault.New(fault.Usage, "name a git repository of the kernel", "read its Makefile: %w", err)
	}
	if ref.Version, err = makefileVersion(makefile); err != nil {
		return source.Ref{}, err
	}
	if !want.Admits(ref.Version) {
		return source.Ref{}, fault.New(fault.Usage, "ask for a different version, or name a different ref after #", "its %s is %s", g.ref, ref.Version)
	}
	return ref, nil
}

// find asks what the ref names: a commit, and perhaps a tag that somebody wrote for it.
func (g git) find(ctx context.Context, ctr *engine.Container) (source.Ref, error) {
	found := source.Ref{Kind: source.Git, URL: g.url}
	if commitForm.MatchString(g.ref) {
		found.Commit = g.ref
		return found, nil
	}
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{"git", "ls-remote", g.url, g.ref, g.ref + "^{}"}})
	if err != nil {
		return found, fault.NewWithCause(fault.Network, "make it reachable from the engine's containers", "ask %s: %w", g.url, err)
	}
	if found.Commit, found.Tag = meant(out, g.ref); found.Commit == "" {
		return found, fault.New(fault.Usage, "name a branch, a tag or a commit after #", "%s has no %s", g.url, g.ref)
	}
	return found, nil
}

// meant finds what a name means in what git ls-remote tells, in git's own order: a whole
// ref, a tag, a branch (gitrevisions(7)). ls-remote itself tells of all whose names end in
// it. The commit that a tag stands for is told as NAME^{}.
func meant(refs, name string) (commit, tag string) {
	commits := map[string]string{}
	for line := range strings.Lines(refs) {
		commit, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		commits[ref] = commit
	}
	for _, ref := range []string{name, "refs/tags/" + name, "refs/heads/" + name} {
		if commit := commits[ref]; commit != "" {
			if peeled := commits[ref+"^{}"]; peeled != "" {
				return peeled, strings.TrimPrefix(ref, "refs/tags/")
			}
			return commit, ""
		}
	}
	return "", ""
}

// fetch brings one commit without its history, and its tag, into a bare repository.
func (g git) fetch(ctx context.Context, ctr *engine.Container, ref source.Ref) error {
	what := ref.Commit
	if ref.Tag != "" {
		what = "refs/tags/" + ref.Tag + ":refs/tags/" + ref.Tag
	}
	for _, argv := range [][]string{
		{"git", "init", "--quiet", "--bare", repository},
		{"git", "-C", repository, "fetch", "--quiet", "--depth=1", g.url, what},
	} {
		if _, err := ctr.Output(ctx, engine.Command{Argv: argv}); err != nil {
			return fault.NewWithCause(fault.Network, "use a reachable server that serves single commits", "fetch %s: %w", g.url, err)
		}
	}
	if ref.Tag == "" {
		return nil
	}
	commit, err := ctr.Output(ctx, engine.Command{Argv: []string{"git", "-C", repository, "rev-parse", "refs/tags/" + ref.Tag + "^{commit}"}})
	if err == nil && strings.TrimSpace(commit) != ref.Commit {
		err = trust.Refuse(trust.Altered, "", "tag %s was commit %s and is %s now", ref.Tag, ref.Commit, strings.TrimSpace(commit))
	}
	return err
}

func (g git) unpack(ctx context.Context, ctr *engine.Container, t *source.Tree) (source.Signature, error) {
	ref := t.Ref
	progress := g.room.Console.Progress("fetch " + g.url)
	if err := g.fetch(ctx, ctr, ref); err != nil {
		progress.End("failed")
		return source.Signature{}, err
	}
	progress.End("commit " + ref.Commit)
	by, err := g.verify(ctx, ctr, ref)
	if err != nil {
		return by, err
	}
	// git archive and not checkout: every file gets the commit's time.
	const packed = "/tmp/linux.tar"
	_, err = ctr.Output(ctx, engine.Command{Argv: []string{
		"git", "-C", repository, "archive", "--prefix=linux/", "--output=" + packed, ref.Commit,
	}})
	if err != nil {
		return by, fmt.Errorf("unpack %s: %w", g.url, err)
	}
	return by, g.room.untar(ctx, ctr, packed, nil)
}

// verify checks the signature of the tag. A repository that somebody chose may
// have other signers, or none: that is told, and recorded. A signature that does
// not fit its tag is an error everywhere.
func (g git) verify(ctx context.Context, ctr *engine.Container, ref source.Ref) (source.Signature, error) {
	by, err := g.signer(ctx, ctr, ref)
	switch state := trust.StateOf(err); {
	case state == trust.Verified:
		return source.Signature{Status: string(state), Signer: by.String()}, nil
	case g.strict || state == "" || state == trust.Altered:
		return source.Signature{}, err
	case state == trust.Missing:
		return source.Signature{Status: source.NoSignature}, nil
	default:
		g.room.Console.Logf("tag %s of %s: %v; going on, since the repository was chosen in kernels.toml", ref.Tag, g.url, err)
		return source.Signature{Status: string(state)}, nil
	}
}

// signerNow fetches a tag and tells who signed it.
func (g git) signerNow(ctx context.Context, ref source.Ref) (trust.Signer, error) {
	ctr, err := g.room.container(ctx, ref)
	if err != nil {
		return trust.Signer{}, err
	}
	defer ctr.Remove()
	if err := g.fetch(ctx, ctr, ref); err != nil {
		return trust.Signer{}, err
	}
	return g.signer(ctx, ctr, ref)
}

func (g git) signer(ctx context.Context, ctr *engine.Container, ref source.Ref) (trust.Signer, error) {
	if ref.Tag == "" {
		return trust.Signer{}, trust.Refuse(trust.Missing, "", "%s of %s is no signed tag", g.ref, g.url)
	}
	object, err := ctr.Output(ctx, engine.Command{Argv: []string{"git", "-C", repository, "cat-file", "tag", "refs/tags/" + ref.Tag}})
	if err != nil {
		return trust.Signer{}, err
	}
	if !strings.Contains(object, "-----BEGIN PGP") { // no key is needed to tell
		return trust.Signer{}, trust.Refuse(trust.Missing, "", "tag %s of %s has no signature", ref.Tag, g.url)
	}
	ring, err := g.room.Upstream.ReleaseKeys(ctx)
	if err != nil {
		return trust.Signer{}, err
	}
	return ring.Tag([]byte(object), ref.Tag, ref.Commit)
}
