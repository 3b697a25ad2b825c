package source

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Check reports, as an error, a source that no kernel can come from. It looks only at the
// spelling: nothing is opened or asked. A git URL must not hold a user name or token.
func Check(from string) error {
	if address, ok := strings.CutPrefix(from, "git+"); ok {
		return checkGit(address)
	}
	if scheme, rest, ok := strings.Cut(from, "://"); ok {
		return checkURL(scheme, rest)
	}
	if sshForm.MatchString(from) {
		return errors.New("source git@...: " + noKeys)
	}
	if from == KernelOrg || from == Debian || isPath(from) {
		return nil
	}
	return fmt.Errorf(`source %q: expected "kernel.org", "debian", "git+https://...", a folder ("./linux") or a tarball ("./linux.tar.xz")`, from)
}

// sshForm matches how git writes a repository behind ssh: git@host:path.
var sshForm = regexp.MustCompile(`^[\w.-]+@[\w.-]+:`)

// noKeys is why git over ssh cannot be a source.
const noKeys = "the containers that fetch have none of your ssh keys; clone the repository yourself, and name its folder"

// checkURL reports a URL that is not marked as one of git.
func checkURL(scheme, rest string) error {
	rest, _, _ = strings.Cut(rest, "#")
	switch {
	case scheme == "file":
		return fmt.Errorf("source file://%s: name the folder or tarball itself: %q", rest, rest)
	case scheme == "git" || scheme == "ssh" || strings.HasSuffix(rest, ".git"):
		return checkGitIfMarked(scheme, rest)
	}
	return fmt.Errorf("source %s://...: expected git+https://... for a git repository; download a tarball yourself, and name its file, or name a mirror of kernel.org in [upstream]", scheme)
}

// checkGitIfMarked reports a URL of git that lacks git+, or why it could not have it.
func checkGitIfMarked(scheme, rest string) error {
	if err := checkGit(scheme + "://" + rest); err != nil {
		return err
	}
	return fmt.Errorf("source %s://%s: a git repository is written as git+%s://%s", scheme, rest, scheme, rest)
}

// gitSchemes are the protocols by which a container can fetch without a key.
var gitSchemes = []string{"https", "http", "git"}

func checkGit(address string) error {
	u, err := url.Parse(address)
	if err != nil { // the error and the address may hold a token
		return errors.New("source git+...: expected a URL")
	}
	switch {
	case u.Scheme == "file":
		return fmt.Errorf("source git+file://...: name the repository's folder: %q; for a branch or commit that is not checked out there, git -C %s worktree add FOLDER BRANCH, and name that folder", u.Path, u.Path)
	case u.Scheme == "ssh" || u.Scheme == "git+ssh" || u.Scheme == "ssh+git":
		return errors.New("source git+ssh://...: " + noKeys)
	case !slices.Contains(gitSchemes, u.Scheme) || u.Host == "":
		return errors.New("source git+...: expected a URL as git+https://host/linux.git#v6.12")
	case u.User != nil:
		u.User = nil
		return fmt.Errorf("source git+%s: expected a URL without user name or token: it is published in plans and manifests; clone a private repository yourself and use its folder", u)
	}
	return nil
}

// tarballEndings are what the name of a tarball contains, one that has no folder.
var tarballEndings = []string{".tar", ".tgz", ".txz", ".tbz", ".tzst"}

// isPath reports whether from is a path on this machine.
func isPath(from string) bool {
	return strings.Contains(from, "/") || from == "." || from == ".." || slices.ContainsFunc(tarballEndings, func(ending string) bool { return strings.Contains(from, ending) })
}
