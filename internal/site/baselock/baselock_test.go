package baselock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

const base = "registry.example/base:1"

// registry is one image in a registry; without a digest there is none.
type registry struct {
	digest  string
	created time.Time
}

func (r registry) Digest(context.Context, string) (string, error) {
	if r.digest == "" {
		return "", errors.New("not found")
	}
	return r.digest, nil
}

func (r registry) Created(context.Context, string) (time.Time, error) { return r.created, nil }

// sum makes a digest of one hex digit.
func sum(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

func TestLockIsUpdatedAndTracked(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	if _, err := Check(ctx, registry{}, dir, base); err == nil {
		t.Error("no error for a base that the registry does not have")
	}
	one := registry{sum("1"), time.Now().Add(-50 * time.Hour)}
	s, err := Check(ctx, one, dir, base)
	if err != nil || s.Locked != "" || s.Moved || !strings.Contains(s.String(), "not locked") {
		t.Errorf("before: %+v, %v", s, err)
	}
	l, err := Update(ctx, one, dir, base)
	if err != nil || l.Digest != s.Now {
		t.Fatalf("%+v, %v", l, err)
	}
	s, err = Check(ctx, one, dir, base)
	if err != nil || s.Moved || s.Locked != l.Digest || s.Days != 2 {
		t.Errorf("locked: %+v, %v", s, err)
	}
	s, err = Check(ctx, registry{sum("2"), time.Now()}, dir, base)
	if err != nil || !s.Moved || s.Now == l.Digest || !strings.Contains(s.String(), "has moved") {
		t.Errorf("moved: %+v, %v", s, err)
	}
	if other, err := Read(dir, "other:1"); err != nil || other.Digest != "" {
		t.Errorf("the lock of a different base: %+v, %v", other, err)
	}
}

func TestDamagedLock(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(`{"base":"`+base+`","digest":"sha256:zz"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir, base); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), FileName) {
		t.Errorf("got %v", err)
	}
}
