package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/kernel/trust"
	"github.com/romanatrashyonok/kiln/report"
)

// Patch is a change that is applied to the source, in order.
type Patch struct {
	Name   string `json:"name"` // its file's name
	SHA256 string `json:"sha256"`
	Path   string `json:"-"` // where it is on this machine
}

// untar unpacks a tarball that is in the box, without its top folder. igzip unpacks
// six times faster than gzip.
func (r Room) untar(ctx context.Context, box *docker.Container, tarball string) error {
	progress := r.Console.Progress("unpack " + filepath.Base(tarball))
	done := int64(0)
	argv := []string{
		"tar", "--extract", "--no-same-owner", "--strip-components=1", "--directory", tree, "--file", tarball,
		fmt.Sprintf("--blocking-factor=%d", recordSize/512),
		fmt.Sprintf("--checkpoint=%d", checkpoint), "--checkpoint-action=echo=%u",
	}
	if strings.HasSuffix(tarball, "gz") {
		argv = append(argv, "--use-compress-program=igzip")
	}
	var stderr strings.Builder
	err := box.Exec(ctx, docker.Command{Argv: argv, Stderr: report.EachLine(func(line string) {
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
		return fault.Wrap(fault.Surroundings, fmt.Errorf("unpack the source: %w\n%s", err, strings.TrimSpace(stderr.String())))
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
func putFile(ctx context.Context, box *docker.Container, path, dir, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return fault.Wrap(fault.Usage, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fault.Wrap(fault.Surroundings, err)
	}
	return box.Put(ctx, dir, docker.File{Name: name, Mode: 0o644, Size: info.Size(), Body: f, Time: info.ModTime()})
}

// apply applies the patches with patch(1), without any fuzz: a patch that does
// not fit exactly was made for another source.
func (r Room) apply(ctx context.Context, box *docker.Container, patches []Patch) error {
	for _, p := range patches {
		if err := putFile(ctx, box, p.Path, "/tmp", "patch"); err != nil {
			return err
		}
		out, err := box.Output(ctx, docker.Command{Dir: tree, Argv: []string{
			"patch", "--strip=1", "--fuzz=0", "--batch", "--forward", "--no-backup-if-mismatch", "--input=/tmp/patch",
		}})
		if err != nil {
			return fault.New(fault.Bad, "make it fit this version of the kernel", "apply patch %s: %w\n%s", p.Name, err, strings.TrimSpace(out))
		}
		r.Console.Say("applied patch %s", p.Name)
	}
	return nil
}

// sha256Inside computes the sha256 of a file in the box, there.
func sha256Inside(ctx context.Context, box *docker.Container, path string) (string, error) {
	out, err := box.Output(ctx, docker.Command{Argv: []string{"sha256sum", "--binary", path}})
	sum, _, _ := strings.Cut(out, " ")
	return sum, err
}

// ReadPatch finds a patch by its path, taken from the folder dir, and hashes it.
func ReadPatch(dir, path string) (Patch, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	sum, err := trust.HashFile(path)
	if err != nil {
		return Patch{}, fmt.Errorf("read patch: %w", err)
	}
	return Patch{Name: filepath.Base(path), SHA256: sum, Path: path}, nil
}
