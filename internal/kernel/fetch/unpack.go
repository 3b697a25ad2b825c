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

// untarLocal unpacks a tarball on this machine in the container; the extension of name
// selects the decompressor. The tarball is sent compressed: a sixth of the bytes for an
// engine on a different machine.
func (f Fetcher) untarLocal(ctx context.Context, ctr *engine.Container, file, name string, options ...string) error {
	in, err := os.Open(file)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer in.Close()
	return f.untar(ctx, ctr, name, in, options...)
}

// decompressors are the programs that tar decompresses with, by a tarball's extension.
// igzip is six times faster than gzip.
var decompressors = map[string]string{".gz": "igzip", ".tgz": "igzip", ".xz": "xz", ".txz": "xz", ".bz2": "bzip2", ".zst": "zstd"}

// untar unpacks a tarball without its top folder, with further options of tar: the one that
// body reads, or if body is nil the file tarball in the container.
func (f Fetcher) untar(ctx context.Context, ctr *engine.Container, tarball string, body io.Reader, options ...string) error {
	progress := f.Console.Progress("unpack " + filepath.Base(tarball))
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
	if program := decompressors[path.Ext(tarball)]; program != "" {
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

// tar reads records of recordSize bytes, as much as a pipe holds (its default of 10 KiB takes
// a fifth longer), and reports every checkpoint-th.
const (
	recordSize = 64 << 10
	checkpoint = 256
)

// putFile copies a file on this machine to the file name in the container's folder dir.
func putFile(ctx context.Context, ctr *engine.Container, file, dir, name string) error {
	f, err := os.Open(file)
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

// sha256Inside returns the sha256 of a file in the container, in hex, computed there.
func sha256Inside(ctx context.Context, ctr *engine.Container, file string) (string, error) {
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{"sha256sum", "--binary", file}})
	sum, _, _ := strings.Cut(out, " ")
	return sum, err
}
