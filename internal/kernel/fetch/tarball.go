package fetch

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/decompress"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// tarball is a source tarball on this machine, whatever its name.
type tarball struct {
	fetcher Fetcher
	path    string
}

// layout is what was found in a tarball. It is cached by the tarball's sha256.
type layout struct {
	Version release.Version   `json:"version"`
	Format  decompress.Format `json:"format"`
	Prefix  string            `json:"prefix"` // of the names of the kernel's files: "linux-6.12.7/", "./" or ""
}

// resolve reads the version from the kernel's Makefile in the tarball.
func (t tarball) resolve(_ context.Context, want release.Constraint) (source.Ref, error) {
	sum, err := trust.HashFile(t.path)
	if err != nil {
		return source.Ref{}, fault.Wrap(fault.Usage, err)
	}
	l, err := t.layout(sum)
	if err != nil {
		return source.Ref{}, err
	}
	return source.Ref{Kind: source.Tarball, Version: l.Version, URL: t.path, SHA256: sum}, admit(t.path, l.Version, want)
}

// layout reads the tarball as far as its Makefile, unless that was done before.
func (t tarball) layout(sum string) (l layout, err error) {
	cached := filepath.Join(t.fetcher.Cache, "tarballs", sum+".json")
	if report.Read(cached, &l) == nil && !l.Version.IsZero() {
		return l, nil
	}
	f, err := os.Open(t.path)
	if err != nil {
		return l, fault.Wrap(fault.Usage, err)
	}
	defer f.Close()
	progress := t.fetcher.Console.Progress("read " + t.path)
	if l, err = findKernel(f); err != nil {
		progress.End("failed")
		fix := "name a tarball or a folder with the kernel's source"
		var other *notTar
		if errors.As(err, &other) && other.fix != "" {
			fix = other.fix
		}
		return l, fault.New(fault.Usage, fix, "read source %s: %w", t.path, err)
	}
	progress.End("version " + l.Version.String())
	return l, report.Write(cached, l)
}

func (t tarball) unpack(ctx context.Context, ctr *engine.Container, to *source.Tree) (source.Signature, error) {
	none := source.Signature{Status: source.NoSignature}
	l, err := t.layout(to.SHA256)
	if err != nil {
		return none, err
	}
	err = t.fetcher.untarLocal(ctx, ctr, t.path, archive{name: t.path, format: l.Format, prefix: l.Prefix})
	if engine.CommandFailed(err) {
		err = fault.New(fault.Usage, "use a complete tarball", "%w", err)
	}
	if err != nil {
		return none, err
	}
	if now, err := trust.HashFile(t.path); err != nil || now != to.SHA256 {
		return none, errChanged(t.path)
	}
	return none, makeReadable(ctx, ctr)
}
