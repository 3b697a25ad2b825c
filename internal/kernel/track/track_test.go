package track

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/fetch"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// tracked returns a tracker with o as its kernel.org and with the lock in dir, and the specs
// of one kernel with a constraint.
func tracked(t *testing.T, o *ut.Org, dir, version string) (*Tracker, []spec.Spec) {
	t.Helper()
	f := spec.File{Upstream: o.Config(), Kernels: []spec.Table{{
		Name: "k", Version: version, Arch: []string{"amd64", "arm64"}, Source: []string{"kernel.org"}, Config: []string{"tinyconfig"},
	}}}
	console, cache := report.New(t.Output(), t.Output(), ""), t.TempDir()
	lock, err := ReadLock(filepath.Join(dir, LockFile))
	if err != nil {
		t.Fatal(err)
	}
	client := upstream.New(o.Config(), dir, cache, console)
	tr := &Tracker{Upstream: client, Releases: fetch.Fetcher{Volumes: fetch.Volumes{Console: console}, Cache: cache, Dir: dir, Upstream: client}, Console: console, Lock: lock}
	specs, err := f.Specs(dir, spec.Choice{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr, specs
}

// upstreamWith returns a kernel.org with 6.12.x releases, of which it lists the last.
func upstreamWith(t *testing.T, versions ...string) *ut.Org {
	t.Helper()
	o := ut.New(t)
	last := versions[len(versions)-1]
	o.Feed(last, ut.Entry("longterm", last, false))
	o.Ends([]string{"6.12"}, "6.12", "2199-12-31")
	for _, v := range versions {
		o.Publish(v, ut.Pack(t, ut.Tree(v)))
	}
	return o
}

func TestUpdateThenTrack(t *testing.T) {
	o, dir := upstreamWith(t, "6.12.5"), t.TempDir()
	tr, specs := tracked(t, o, dir, "6.12")
	updates, err := tr.Update(t.Context(), specs, dir, false)
	if err != nil || len(updates) != 1 || updates[0].To.String() != "6.12.5" {
		t.Fatalf("%v, %v", updates, err)
	}
	tr, specs = tracked(t, o, dir, "6.12")
	locked, ok := tr.Lock.Find("k")
	if !ok || len(locked.SHA256) != 64 || !strings.Contains(locked.Signer, ut.Fingerprint(o.Autosigner)) || locked.Asked != "6.12" {
		t.Errorf("locked %+v", locked)
	}
	o.Feed("6.12.8", ut.Entry("longterm", "6.12.8", false))
	o.Publish("6.12.8", ut.Pack(t, ut.Tree("6.12.8")))
	tracking, err := tr.Track(t.Context(), specs)
	if err != nil || len(tracking.Kernels) != 1 || tracking.Kernels[0].Behind != 3 || !strings.Contains(tracking.String(), "kernel:update -name=k") {
		t.Errorf("%v\n%s", err, tracking)
	}
	if err := tracking.Err(); fault.Code(err) != int(fault.Failed) {
		t.Errorf("Err: %v", err)
	}
	if ref := locked.Ref(); ref.Version.String() != "6.12.5" || ref.SHA256 != locked.SHA256 || !locked.Satisfies(specs[0].Constraint) {
		t.Errorf("the lock pins %v", ref)
	}
	updates, err = tr.Update(t.Context(), specs, dir, false)
	if err != nil || updates[0].From.String() != "6.12.5" || len(updates[0].Changelog) != 3 || !strings.HasSuffix(updates[0].Changelog[2], "/v6.x/ChangeLog-6.12.8") {
		t.Errorf("%+v, %v", updates, err)
	}
	if tracking, err = tr.Track(t.Context(), specs); err != nil || tracking.Err() != nil {
		t.Errorf("%v, %v", err, tracking.Err())
	}
	if m := tr.Matrix(specs); len(m.Include) != 2 || m.Include[1] != (Job{Name: "k", Arch: "arm64", Version: "6.12.8"}) {
		t.Errorf("matrix %+v", m)
	}
}

func TestOlderReleaseThanTheLockIsRefused(t *testing.T) {
	o, dir := upstreamWith(t, "6.12.5", "6.12.8"), t.TempDir()
	tr, specs := tracked(t, o, dir, "6.12")
	if _, err := tr.Update(t.Context(), specs, dir, false); err != nil {
		t.Fatal(err)
	}
	o.Feed("6.12.5", ut.Entry("longterm", "6.12.5", false))
	tr, _ = tracked(t, o, dir, "6.12")
	before, err := os.ReadFile(filepath.Join(dir, LockFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Update(t.Context(), specs, dir, false); trust.StateOf(err) != trust.Older || fault.Code(err) != int(fault.Failed) {
		t.Errorf("got %v", err)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, LockFile)); string(after) != string(before) {
		t.Error("the lock was changed")
	}
	if updates, err := tr.Update(t.Context(), specs, dir, true); err != nil || updates[0].To.String() != "6.12.5" {
		t.Errorf("with downgrade: %v, %v", updates, err)
	}
}

func TestTrackingWithoutTheNetwork(t *testing.T) {
	o := upstreamWith(t, "6.12.5")
	tr, specs := tracked(t, o, t.TempDir(), "6.12")
	if _, err := tr.Track(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	o.Before = nil
	tr.Upstream.HTTP.Transport = noNetwork{}
	tracking, err := tr.Track(t.Context(), specs)
	if err != nil || !tracking.Known() || tracking.Sources[0].Down == "" || tracking.Kernels[0].Newest.String() != "6.12.5" {
		t.Errorf("%v\n%s", err, tracking)
	}
	if text := tracking.Sources[0].Warning(tr.Upstream.Now()); !strings.Contains(text, "using the copy from") {
		t.Errorf("warning %q", text)
	}
	if err := tracking.Err(); fault.Code(err) != int(fault.Environment) {
		t.Errorf("Err: %v", err)
	}
}

func TestInvalidLocks(t *testing.T) {
	for name, text := range map[string]string{
		"truncated": `{"schema":"kiln/lock/v1","kernels":[`, "wrong schema": `{"schema":"kiln/lock/v9"}`,
		"no hash": `{"schema":"kiln/lock/v1","kernels":[{"name":"k","version":"6.12.5"}]}`, "invalid version": `{"schema":"kiln/lock/v1","kernels":[{"name":"k","version":"new"}]}`,
	} {
		path := filepath.Join(t.TempDir(), LockFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadLock(path); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), LockFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// noNetwork refuses every request.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
}
