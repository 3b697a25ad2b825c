package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// newLocal returns the provider of a folder or tarball on this machine.
func newLocal(f Fetcher, from string) (provider, error) {
	path := from
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.Dir, from)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fault.New(fault.Usage, "paths are relative to the folder of kernels.toml", "find source %q: %w", from, err)
	case info.IsDir():
		return folder{f, path}, nil
	}
	return tarball{f, path}, nil
}

// folder is an unpacked source on this machine.
type folder struct {
	fetcher Fetcher
	path    string
}

// resolve reads the version from the Makefile and hashes every file, since the folder may
// have changed.
func (f folder) resolve(_ context.Context, want release.Constraint) (source.Ref, error) {
	makefile, err := os.ReadFile(filepath.Join(f.path, "Makefile"))
	if err != nil {
		return source.Ref{}, fault.New(fault.Usage, "name a folder or tarball with the kernel's source", "read source: %w", err)
	}
	version, err := makefileVersion(string(makefile))
	if err != nil {
		return source.Ref{}, err
	}
	if !want.Admits(version) {
		return source.Ref{}, fault.New(fault.Usage, "change the version or the source in kernels.toml", "%s has version %s", f.path, version)
	}
	sum, err := hashFolder(f.path)
	return source.Ref{Kind: source.Folder, Version: version, URL: f.path, SHA256: sum}, err
}

func (f folder) unpack(ctx context.Context, ctr *engine.Container, t *source.Tree) (source.Signature, error) {
	none := source.Signature{Status: source.NoSignature}
	progress := f.fetcher.Console.Progress("copy " + f.path)
	if err := ctr.PutFolder(ctx, tree, f.path, ".git"); err != nil {
		progress.End("failed")
		return none, err
	}
	progress.End("copied")
	return none, unchanged(f.path, t.SHA256, hashFolder)
}

// unchanged checks that a file or folder was not changed between resolving and reading it.
func unchanged(path, sum string, hash func(string) (string, error)) error {
	now, err := hash(path)
	if err == nil && now != sum {
		return fault.New(fault.Usage, "run it again", "read %s: it was changed while it was being read", path)
	}
	return err
}

// hashFolder returns the sha256 over the names, types and contents of all files except
// those in .git, in hex.
func hashFolder(dir string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%q %s\n", name, entry.Type())
		return hashEntry(sum, path, entry)
	})
	return hex.EncodeToString(sum.Sum(nil)), fault.Wrap(fault.Usage, err)
}

// hashEntry hashes a file's executable bits and content, or a link's target.
func hashEntry(sum io.Writer, path string, entry fs.DirEntry) error {
	if entry.Type()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		fmt.Fprintf(sum, "%q\n", target)
		return err
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	file, err := trust.HashFile(path)
	fmt.Fprintf(sum, "%o %s\n", info.Mode()&0o111, file)
	return err
}

// tarball is a source tarball on this machine.
type tarball struct {
	fetcher Fetcher
	path    string
}

// versionInName finds the version in a tarball's name.
var versionInName = regexp.MustCompile(`(\d+\.\d+(?:\.\d+)?(?:-rc\d+)?)\.(?:tar|tgz)`)

// resolve reads the version from the name; it is checked against the content when the
// tarball is unpacked.
func (t tarball) resolve(_ context.Context, want release.Constraint) (source.Ref, error) {
	m := versionInName.FindStringSubmatch(filepath.Base(t.path))
	if m == nil {
		return source.Ref{}, fault.New(fault.Usage, "rename it to something like linux-6.12.117.tar.xz", "the name %s has no version", t.path)
	}
	version, err := release.Parse(m[1])
	if err != nil {
		return source.Ref{}, fault.Wrap(fault.Usage, err)
	}
	if !want.Admits(version) {
		return source.Ref{}, fault.New(fault.Usage, "change the version or the source in kernels.toml", "%s has version %s", t.path, version)
	}
	sum, err := trust.HashFile(t.path)
	return source.Ref{Kind: source.Tarball, Version: version, URL: t.path, SHA256: sum}, fault.Wrap(fault.Environment, err)
}

func (t tarball) unpack(ctx context.Context, ctr *engine.Container, tree *source.Tree) (source.Signature, error) {
	none := source.Signature{Status: source.NoSignature}
	if err := t.fetcher.untarLocal(ctx, ctr, t.path, t.path); err != nil {
		if engine.CommandFailed(err) {
			err = fault.New(fault.Usage, "use a complete tarball", "%w", err)
		}
		return none, err
	}
	return none, unchanged(t.path, tree.SHA256, trust.HashFile)
}
