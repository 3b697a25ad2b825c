package fetch

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// untarHere unpacks a file of this machine, a tarball of that name, in the box. It is
// sent packed: to an engine that is elsewhere that is a sixth of the way.
func (r Fetcher) untarHere(ctx context.Context, ctr *engine.Container, file, tarball string, options ...string) error {
	f, err := os.Open(file)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer f.Close()
	return r.untar(ctx, ctr, tarball, f, options...)
}

// unpackers are the programs that tar unpacks with, by how a tarball's name ends.
// igzip is six times faster than gzip.
var unpackers = map[string]string{".gz": "igzip", ".tgz": "igzip", ".xz": "xz", ".txz": "xz", ".bz2": "bzip2", ".zst": "zstd"}

// untar unpacks a tarball, without its top folder and perhaps with more of tar's options:
// one that is in the box, or else what body reads.
func (r Fetcher) untar(ctx context.Context, ctr *engine.Container, tarball string, body io.Reader, options ...string) error {
	progress := r.Console.Progress("unpack " + filepath.Base(tarball))
	done := int64(0)
	from := tarball
	if body != nil {
		from = "-"
	}
	argv := []string{
		"tar", "--extract", "--no-same-owner", "--strip-components=1", "--directory", tree, "--file", from,
		fmt.Sprintf("--blocking-factor=%d", recordSize/512),
		fmt.Sprintf("--checkpoint=%d", checkpoint), "--checkpoint-action=echo=%u",
	}
	argv = append(argv, options...)
	if program := unpackers[path.Ext(tarball)]; program != "" {
		argv = append(argv, "--use-compress-program="+program)
	}
	var stderr strings.Builder
	err := ctr.Exec(ctx, engine.Command{Argv: argv, Stdin: body, Stderr: report.EachLine(func(line string) {
		var record int64
		if _, err := fmt.Sscanf(line, "tar: %d", &record); err == nil {
			done = record * recordSize >> 20
			progress.Set(done, 0, "MiB")
			return
		}
		fmt.Fprintln(&stderr, line)
	})})
	if err != nil {
		progress.End("failed")
		return fault.Wrap(fault.Environment, fmt.Errorf("unpack the source: %w\n%s", err, strings.TrimSpace(stderr.String())))
	}
	progress.End(fmt.Sprintf("%d MiB", done))
	return nil
}

// tar reads records of recordSize bytes, as much as a pipe holds at once (its own
// 10 KiB take a fifth longer), and tells of every checkpoint-th.
const (
	recordSize = 64 << 10
	checkpoint = 256
)

// putFile copies a file of this machine into the box.
func putFile(ctx context.Context, ctr *engine.Container, path, dir, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return fault.Wrap(fault.Usage, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return ctr.Put(ctx, dir, engine.File{Name: name, Mode: 0o644, Size: info.Size(), Body: f, Time: info.ModTime()})
}

// sha256Inside computes the sha256 of a file in the box, there.
func sha256Inside(ctx context.Context, ctr *engine.Container, path string) (string, error) {
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{"sha256sum", "--binary", path}})
	sum, _, _ := strings.Cut(out, " ")
	return sum, err
}
