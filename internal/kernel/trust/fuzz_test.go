package trust_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
)

// ringOf returns the keys of a folder that has one file, and a key that is pinned.
func ringOf(t testing.TB, file []byte, pinned string) (trust.Keyring, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key.asc"), file, 0o644); err != nil {
		t.Fatal(err)
	}
	signers, err := trust.ParseSigners([]string{pinned})
	if err != nil {
		t.Fatal(err)
	}
	return trust.Keys{From: dir, Now: time.Now}.Ring(context.Background(), "releases", signers)
}

// FuzzKeys reads files of a folder of keys, and verifies with what they hold.
func FuzzKeys(f *testing.F) {
	key := ut.Key(f, "maintainer")
	text := []byte("linux")
	signature := ut.Sign(f, text, key)
	public := ut.Public(f, key)
	f.Add(public)
	f.Add(append(append([]byte("a comment\n"), public...), public...))
	f.Add(signature)
	f.Add([]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		ring, err := ringOf(t, file, ut.Fingerprint(key))
		if err != nil {
			return
		}
		ring.Clearsigned(file)
		ring.Detached(bytes.NewReader(file), file)
	})
}

// FuzzSignatures checks that no altered list of checksums is accepted.
func FuzzSignatures(f *testing.F) {
	key := ut.Key(f, "autosigner")
	const list = "0000  linux-6.12.7.tar.gz\n"
	ring, err := ringOf(f, ut.Public(f, key), ut.Fingerprint(key))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ut.Clearsign(f, list, key))
	f.Add([]byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nx\n-----BEGIN PGP SIGNATURE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if signed, _, err := ring.Clearsigned(text); err == nil && string(signed) != list {
			t.Errorf("accepted %q", signed)
		}
	})
}
