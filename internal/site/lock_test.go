package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/imagebuildtest"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

// baseOf publishes an image of one file.
func baseOf(t *testing.T, s Site, text string, made time.Time) {
	t.Helper()
	image := imagebuildtest.Tiny(t, imagebuildtest.Bare("amd64"), text, made)
	if _, err := s.Registry.Upload(t.Context(), s.Settings.Base, image); err != nil {
		t.Fatal(err)
	}
}

func TestLockIsMovedAndTracked(t *testing.T) {
	address := registrytest.Start(t)
	s := shopFor(t, "lock", address)
	s.Settings.Base = address + "/base:1"
	if _, err := s.CheckBase(t.Context()); err == nil {
		t.Error("a base that is nowhere is tracked")
	}
	baseOf(t, s, "one", time.Now().Add(-50*time.Hour))
	f, err := s.CheckBase(t.Context())
	if err != nil || f.Locked != "" || f.Moved || !strings.Contains(f.String(), "not locked") {
		t.Errorf("before: %+v, %v", f, err)
	}
	l, err := s.Update(t.Context())
	if err != nil || l.Digest != f.Now {
		t.Fatalf("%+v, %v", l, err)
	}
	f, err = s.CheckBase(t.Context())
	if err != nil || f.Moved || f.Locked != l.Digest || f.Days != 2 {
		t.Errorf("locked: %+v, %v", f, err)
	}
	baseOf(t, s, "two", time.Now())
	f, err = s.CheckBase(t.Context())
	if err != nil || !f.Moved || f.Now == l.Digest || !strings.Contains(f.String(), "has moved") {
		t.Errorf("moved: %+v, %v", f, err)
	}
	if other, err := ReadLock(s.Dir, "another:1"); err != nil || other.Digest != "" {
		t.Errorf("the lock of another base: %+v, %v", other, err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, lockFile), []byte(`{"base":"`+s.Settings.Base+`","digest":"sha256:zz"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadLock(s.Dir, s.Settings.Base); fault.Code(err) != int(fault.Usage) {
		t.Errorf("a damaged lock: %v", err)
	}
}

// TestConfigurationThatNginxRefuses is one that Kiln's own reader takes.
func TestConfigurationThatNginxRefuses(t *testing.T) {
	s := shopFor(t, "refused", "registry.invalid")
	file := filepath.Join(s.Dir, "nginx.conf")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "send_timeout 20s", "send_timeout banana", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	bundle, err := s.Settings.ReadBundle(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	s.Bundle = bundle.WithTimes(s.Commit)
	_, err = s.Build(t.Context())
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), file+":") || !strings.Contains(err.Error(), "send_timeout") {
		t.Errorf("got %v", err)
	}
	if _, err := s.Engine.FindImage(t.Context(), s.ref()); err == nil {
		t.Error("the image has its name all the same")
	}
}
