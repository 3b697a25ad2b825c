package fetch

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/decompress"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// archive is a tarball to be unpacked.
type archive struct {
	name   string // for messages
	file   string // its path in the container, unless it is sent there
	format decompress.Format
	prefix string // of its files' names, as "linux-6.12.7/"; files without it are left out
}

// decompressors are the programs that tar decompresses with. igzip is six times faster than
// gzip. xz decompresses blocks in parallel if the tarball has several.
var decompressors = map[decompress.Format]string{
	decompress.Gzip: "igzip", decompress.XZ: "xz --threads=0", decompress.Bzip2: "bzip2", decompress.Zstd: "zstd --long=31",
}

// untarLocal unpacks a tarball on this machine in the container. It is sent compressed: a
// sixth of the bytes for an engine on a different machine.
func (v Volumes) untarLocal(ctx context.Context, ctr *engine.Container, path string, a archive, options ...string) error {
	in, err := os.Open(path)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer in.Close()
	return v.untar(ctx, ctr, a, in, options...)
}

// untar unpacks a tarball with further options of tar: what body reads, or if that is nil
// its file in the container.
func (v Volumes) untar(ctx context.Context, ctr *engine.Container, a archive, body io.Reader, options ...string) error {
	progress := v.Console.Progress("unpack " + filepath.Base(a.name))
	done := int64(0)
	var stderr strings.Builder
	err := ctr.Exec(ctx, engine.Command{Argv: a.command(body != nil, options), Stdin: body, Stderr: report.EachLine(func(line string) {
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
		return fault.Wrap(fault.Environment, fmt.Errorf("unpack %s: %w\n%s", a.name, err, strings.TrimSpace(stderr.String())))
	}
	progress.End(fmt.Sprintf("%d MiB", done))
	return nil
}

// command returns the command that unpacks the archive.
func (a archive) command(fromStdin bool, options []string) []string {
	from := a.file
	if fromStdin {
		from = "-"
	}
	argv := []string{
		"tar", "--extract", "--no-same-owner", fmt.Sprintf("--strip-components=%d", strings.Count(a.prefix, "/")), "--directory", tree, "--file", from,
		fmt.Sprintf("--blocking-factor=%d", recordSize/512),
		fmt.Sprintf("--checkpoint=%d", checkpoint), "--checkpoint-action=echo=%u",
	}
	argv = append(argv, options...)
	if program := decompressors[a.format]; program != "" {
		argv = append(argv, "--use-compress-program="+program)
	}
	if folder := strings.TrimSuffix(a.prefix, "/"); folder != "" && folder != "." {
		argv = append(argv, "--no-wildcards", "--", folder)
	}
	return argv
}

// tar reads records of recordSize bytes, as much as a pipe holds (its default of 10 KiB takes
// a fifth longer), and reports every checkpoint-th.
const (
	recordSize = 64 << 10
	checkpoint = 256
)

// sha256Inside returns the sha256 of a file in the container, in hex, computed there.
func sha256Inside(ctx context.Context, ctr *engine.Container, file string) (string, error) {
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{"sha256sum", "--binary", file}})
	sum, _, _ := strings.Cut(out, " ")
	return sum, err
}
