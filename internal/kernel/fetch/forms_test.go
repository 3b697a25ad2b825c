package fetch

import (
	"bytes"
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestArchiveThatHasXZAlone fetches a release from an archive without .tar.gz, found by
// releases.json and by the checksums, and takes .tar.gz where there are both.
func TestArchiveThatHasXZAlone(t *testing.T) {
	o := ut.New(t)
	o.Feed(version, ut.Entry("longterm", version, false))
	o.PublishXZ(version, tarOf(t, version))
	o.PublishXZ("6.1.3", tarOf(t, "6.1.3"))
	f := realFetcher(t)
	f.Upstream = newFetcher(t, o).Upstream
	if ref, err := f.Resolve(t.Context(), source.KernelOrg, want(t, "6.1")); err != nil || path.Base(ref.URL) != "linux-6.1.3.tar.xz" {
		t.Errorf("%+v, %v", ref, err)
	}
	ref, err := f.Resolve(t.Context(), source.KernelOrg, want(t, version))
	if err != nil || path.Base(ref.URL) != "linux-6.12.7.tar.xz" {
		t.Fatalf("%+v, %v", ref, err)
	}
	made, err := f.Fetch(t.Context(), source.KernelOrg, ref, nil)
	t.Cleanup(func() { f.Engine.Volumes().Remove(context.Background(), made.Volume) })
	if err != nil || made.Signature.Status != string(trust.Verified) || made.Time != 1700000000 {
		t.Fatalf("%+v, %v", made, err)
	}
	if got := contents(t, f, made.Volume); got != "./Makefile ./deep/file.c ./link" {
		t.Errorf("the volume has %s", got)
	}
	o.Publish(version, tarOf(t, version))
	both := newFetcher(t, o)
	if ref, err := both.Resolve(t.Context(), source.KernelOrg, want(t, version)); err != nil || path.Base(ref.URL) != "linux-6.12.7.tar.gz" {
		t.Errorf("%+v, %v", ref, err)
	}
}

// TestAlteredXZIsRefused alters the tarball, and then its checksum and signature too.
func TestAlteredXZIsRefused(t *testing.T) {
	o := ut.New(t)
	o.Feed(version, ut.Entry("longterm", version, false))
	o.PublishXZ(version, tarOf(t, version))
	xz := strings.TrimSuffix(ut.Tarball(version), ".gz") + ".xz"
	good := o.Get(xz)
	bad := bytes.Clone(good)
	bad[len(bad)/2] ^= 1
	o.Put(xz, bad)
	wantRefused(t, o, trust.Altered, "its sha256 is")
	o.SignSums(o.Autosigner)
	wantRefused(t, o, trust.Altered, "")
	o.PublishXZ(version, tarOf(t, older))
	wantRefused(t, o, trust.Altered, "not below linux-6.12.7/")
}

// TestStaleChecksumsAreLogged takes the server away once its lists are cached.
func TestStaleChecksumsAreLogged(t *testing.T) {
	o := newOrg(t)
	f := newFetcher(t, o)
	var log bytes.Buffer
	f.Console = report.New(&log, &log, "")
	if _, err := f.Resolve(t.Context(), source.KernelOrg, want(t, version)); err != nil || log.Len() > 0 {
		t.Fatalf("%v %s", err, log.String())
	}
	f.Upstream.Now = func() time.Time { return time.Now().Add(3 * time.Hour) }
	for _, name := range []string{ut.SumsFile, "releases.json"} {
		if err := os.Remove(filepath.Join(o.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Resolve(t.Context(), source.KernelOrg, want(t, version)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "using the checksums of 3h") {
		t.Errorf("the log has no word of it: %s", log.String())
	}
}
