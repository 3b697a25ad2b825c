package fetch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/romanatrashyonok/kiln/internal/dev/benchtest"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
)

// unpackRuns is how often each side unpacks, in turns.
const unpackRuns = 5

// BenchmarkUnpack compares two ways from a downloaded tarball to an unpacked volume: Kiln's,
// which also verifies it, and a script's, `xz -dc | tar -x`, for the same tree in the same
// kind of container and volume. The volumes are removed only at the end: ext4 is slow at
// creating files where many were removed within the last minutes. Each side begins when what
// the other wrote is on the disk.
func BenchmarkUnpack(b *testing.B) {
	f := realFetcher(b)
	o, ref := ut.New(b), debianSource(b, f)
	ctr := packed(b, f, ref)
	publish(b, o, ctr, ref)
	xz := filepath.Join(b.TempDir(), "linux.tar.xz")
	if err := ctr.Get(b.Context(), "/work/linux.tar.xz", filepath.Dir(xz)); err != nil {
		b.Fatal(err)
	}
	var ours, theirs []time.Duration
	benchtest.ResetPeak(b)
	for b.Loop() {
		for n := range unpackRuns {
			theirs = append(theirs, script(b, f, xz, n))
			ours = append(ours, fetched(b, f, o, ref, n))
			b.Logf("run %d: ours %v, theirs %v", n, ours[n], theirs[n])
		}
	}
	b.ReportMetric(median(ours).Seconds(), "ours-s")
	b.ReportMetric(median(theirs).Seconds(), "theirs-s")
	b.ReportMetric(1.3, "bound")
	b.ReportMetric(unpackRuns, "runs")
	b.ReportMetric(benchtest.Peak(b), "ours-MiB")
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// debianSource fetches a real kernel source into its volume.
func debianSource(b *testing.B, f Fetcher) source.Ref {
	b.Helper()
	f.Cache = b.TempDir()
	ref, err := f.Resolve(b.Context(), source.Debian, want(b, "6.12"))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := f.Fetch(b.Context(), source.Debian, ref, nil); err != nil {
		b.Fatal(err)
	}
	return ref
}

// packed packs that tree in a container as kernel.org does, with gzip and with xz.
func packed(b *testing.B, f Fetcher, ref source.Ref) *engine.Container {
	b.Helper()
	top := "linux-" + ref.Version.String()
	ctr := container(b, f, engine.Mount{Volume: source.Volume(ref, nil), Path: tree, ReadOnly: true})
	for _, argv := range [][]string{
		{"mkdir", "/work"},
		{"tar", "--create", "--file=/work/linux.tar", "--transform=s,^source," + top + ",", "--directory=/", "source"},
		{"gzip", "-k", "-6", "/work/linux.tar"},
		{"xz", "-k", "-6", "--threads=0", "/work/linux.tar"},
		{"rm", "/work/linux.tar"},
	} {
		if _, err := ctr.Output(b.Context(), engine.Command{Argv: argv}); err != nil {
			b.Fatal(err)
		}
	}
	return ctr
}

// container starts a container of the fetch image that is removed after the benchmark.
func container(b *testing.B, f Fetcher, mounts ...engine.Mount) *engine.Container {
	b.Helper()
	image, err := f.Image(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	ctr, err := f.Engine.Run(b.Context(), engine.Spec{Image: image, Kind: "bench", Command: []string{"sleep", "infinity"}, Mounts: mounts})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ctr.Remove() })
	return ctr
}

// publish publishes the tarball, signed, at the benchmark's own kernel.org.
func publish(b *testing.B, o *ut.Org, ctr *engine.Container, ref source.Ref) {
	b.Helper()
	version := ref.Version.String()
	o.Feed(version, ut.Entry("longterm", version, false))
	path := filepath.Join(o.Dir, ut.Tarball(version))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := ctr.Get(b.Context(), "/work/linux.tar.gz", filepath.Dir(path)); err != nil {
		b.Fatal(err)
	}
	if err := os.Rename(filepath.Join(filepath.Dir(path), "linux.tar.gz"), path); err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	o.Put(ut.Signature(version), ut.SignStream(b, unpacked, o.Maintainer))
	o.SignSums(o.Autosigner)
}

// script unpacks as a script would and returns how long that took.
func script(b *testing.B, f Fetcher, xz string, n int) time.Duration {
	b.Helper()
	volume := fmt.Sprintf("kiln-bench-%d-%d", os.Getpid(), n)
	removeAfter(b, f, volume)
	to := container(b, f, engine.Mount{Volume: volume, Path: tree})
	if err := putFile(b.Context(), to, xz, "/tmp", "linux.tar.xz"); err != nil {
		b.Fatal(err)
	}
	syscall.Sync()
	start := time.Now()
	if _, err := to.Output(b.Context(), engine.Command{Argv: []string{"sh", "-c", "xz -dc /tmp/linux.tar.xz | tar -x -C " + tree}}); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// putFile copies a file on this machine to the file name in the container's folder dir.
func putFile(ctx context.Context, ctr *engine.Container, file, dir, name string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return ctr.Put(ctx, dir, engine.File{Name: name, Mode: 0o644, Size: info.Size(), Body: f, Time: info.ModTime()})
}

// fetched unpacks the downloaded tarball by Fetch and returns how long that took.
func fetched(b *testing.B, f Fetcher, o *ut.Org, ref source.Ref, n int) time.Duration {
	b.Helper()
	config := o.Config()
	config.Mirrors[0] += fmt.Sprintf("/%d/%d", os.Getpid(), n) // part of the volume's name: each run has its own
	f.Upstream.Config = config
	at, err := f.Resolve(b.Context(), source.KernelOrg, want(b, ref.Version.String()))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := f.Upstream.Download(b.Context(), at.Version, at.URL, at.SHA256); err != nil {
		b.Fatal(err)
	}
	removeAfter(b, f, source.Volume(at, nil))
	syscall.Sync()
	start := time.Now()
	if _, err := f.Fetch(b.Context(), source.KernelOrg, at, nil); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// removeAfter removes a volume after the benchmark.
func removeAfter(b *testing.B, f Fetcher, volume string) {
	b.Helper()
	b.Cleanup(func() { f.Engine.Volumes().Remove(context.Background(), volume) })
}
