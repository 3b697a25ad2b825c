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

// git is a repository: git+https://host/linux.git#REF, where REF is a branch, a tag or a
// commit, and the repository's HEAD if it is missing.
type git struct {
	fetcher  Fetcher
	url, ref string
	strict   bool // accept only a tag that a maintainer signed
}

func newGit(f Fetcher, address string) (provider, error) {
	url, ref, _ := strings.Cut(address, "#")
	if ref == "" {
		ref = "HEAD"
	}
	if strings.HasPrefix(ref, "-") || strings.HasPrefix(url, "-") {
		return nil, fault.New(fault.Usage, "", "read git source %q: neither URL nor ref may begin with a dash", address)
	}
	return git{fetcher: f, url: url, ref: ref}, nil
}

// repository is the path of the repository in the container.
const repository = "/tmp/repository"

// commitForm matches a full commit id, which needs no look-up.
var commitForm = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// resolve looks up the commit and reads the version from its Makefile, the only place that
// has it.
func (g git) resolve(ctx context.Context, want release.Constraint) (source.Ref, error) {
	ctr, err := g.fetcher.container(ctx, source.Ref{Kind: source.Git})
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
		return source.Ref{}, fault.New(fault.Usage, "name a git repository of the kernel", "read %s#%s: %w", g.url, g.ref, err)
	}
	return ref, admit(g.url+"#"+g.ref, ref.Version, want)
}

// find looks up the commit that the ref names, and the annotated tag if it is one.
func (g git) find(ctx context.Context, ctr *engine.Container) (source.Ref, error) {
	found := source.Ref{Kind: source.Git, URL: g.url}
	if commitForm.MatchString(g.ref) {
		found.Commit = g.ref
		return found, nil
	}
	out, err := ctr.Output(ctx, gitCommand("ls-remote", g.url, g.ref, g.ref+"^{}"))
	if err != nil {
		return found, g.refused("query", err)
	}
	if found.Commit, found.Tag = lookUp(out, g.ref); found.Commit == "" {
		return found, fault.New(fault.Usage, "write a branch, a tag or a commit with all of its digits after #", "%s has no %s", g.url, g.ref)
	}
	return found, nil
}

// gitCommand returns a git command that asks no user and prints English.
func gitCommand(args ...string) engine.Command {
	return engine.Command{Argv: append([]string{"git"}, args...), Env: []string{"GIT_TERMINAL_PROMPT=0", "LC_ALL=C"}}
}

// refusals are the answers of git servers that no second try changes, by a part of their
// text, each with the fix.
var refusals = []struct{ text, fix string }{
	{"not our ref", "write a commit that the repository has after #, with all of its digits"},
	{"unadvertised object", "the server serves no single commits: write a branch or a tag after #"},
	{"could not read Username", "clone a private repository yourself, and name its folder"},
	{"Authentication failed", "clone a private repository yourself, and name its folder"},
	{"repository '", "check the URL"}, // "... not found"
	{"does not appear to be a git repository", "check the URL"},
}

// refused returns the error of a git command that could not get something from the server.
func (g git) refused(action string, err error) error {
	for _, r := range refusals {
		if engine.CommandFailed(err) && strings.Contains(err.Error(), r.text) {
			return fault.New(fault.Usage, r.fix, "%s %s#%s: %w", action, g.url, g.ref, err)
		}
	}
	return fault.NewWithCause(fault.Network, "make it reachable from the engine's containers", "%s %s: %w", action, g.url, err)
}

// lookUp resolves a name in the output of git ls-remote, in git's own order: a full ref, a
// tag, a branch (gitrevisions(7)). ls-remote itself lists all refs whose names end in it. It
// lists the commit of an annotated tag as NAME^{}.
func lookUp(refs, name string) (commit, tag string) {
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

// fetch fetches one commit without its history, and its tag, into a bare repository.
func (g git) fetch(ctx context.Context, ctr *engine.Container, ref source.Ref) error {
	what := ref.Commit
	if ref.Tag != "" {
		what = "refs/tags/" + ref.Tag + ":refs/tags/" + ref.Tag
	}
	for _, cmd := range []engine.Command{
		gitCommand("init", "--quiet", "--bare", repository),
		gitCommand("-C", repository, "fetch", "--quiet", "--depth=1", g.url, what),
	} {
		if _, err := ctr.Output(ctx, cmd); err != nil {
			return g.refused("fetch", err)
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
	progress := g.fetcher.Console.Progress("fetch " + g.url)
	if err := g.fetch(ctx, ctr, ref); err != nil {
		progress.End("failed")
		return source.Signature{}, err
	}
	progress.End("commit " + ref.Commit)
	by, err := g.verify(ctx, ctr, ref)
	if err != nil {
		return by, err
	}
	// git archive and not checkout: it sets every file's time to the commit's.
	const packed = "/tmp/linux.tar"
	_, err = ctr.Output(ctx, engine.Command{Argv: []string{
		"git", "-C", repository, "archive", "--prefix=linux/", "--output=" + packed, ref.Commit,
	}})
	if err != nil {
		return by, fmt.Errorf("unpack %s: %w", g.url, err)
	}
	return by, g.fetcher.untar(ctx, ctr, archive{name: g.url, file: packed, prefix: "linux/"}, nil)
}

// verify verifies the signature of the tag. A repository that kernels.toml names may have
// other signers, or none: that is logged and recorded. A signature that does not match its
// tag is always an error.
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
		g.fetcher.Console.Logf("tag %s of %s: %v; accepted, since kernels.toml names the repository", ref.Tag, g.url, err)
		return source.Signature{Status: string(state)}, nil
	}
}

// fetchSigner fetches a tag and returns who signed it.
func (g git) fetchSigner(ctx context.Context, ref source.Ref) (trust.Signer, error) {
	ctr, err := g.fetcher.container(ctx, ref)
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
		return trust.Signer{}, trust.Refuse(trust.Missing, "", "%s of %s is not a signed tag", g.ref, g.url)
	}
	object, err := ctr.Output(ctx, engine.Command{Argv: []string{"git", "-C", repository, "cat-file", "tag", "refs/tags/" + ref.Tag}})
	if err != nil {
		return trust.Signer{}, err
	}
	if !strings.Contains(object, "-----BEGIN PGP") { // so that no key is fetched
		return trust.Signer{}, trust.Refuse(trust.Missing, "", "tag %s of %s has no signature", ref.Tag, g.url)
	}
	ring, err := g.fetcher.Upstream.ReleaseKeys(ctx)
	if err != nil {
		return trust.Signer{}, err
	}
	return ring.Tag([]byte(object), ref.Tag, ref.Commit)
}
