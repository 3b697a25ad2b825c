package trust_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
)

// ring returns a keyring that trusts one key, read from a folder with some.
func ring(t *testing.T, pinned *openpgp.Entity, present ...*openpgp.Entity) trust.Keyring {
	t.Helper()
	dir := t.TempDir()
	all := []byte{}
	for _, key := range present {
		all = append(all, ut.Public(t, key)...)
		all = append(all, '\n')
	}
	if err := os.WriteFile(filepath.Join(dir, "all.asc"), all, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := trust.Keys{From: dir, Now: time.Now}.Ring(t.Context(), "tests", []trust.Signer{{Fingerprint: ut.Fingerprint(pinned), Name: "t"}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTagIsVerified(t *testing.T) {
	key, mallory := ut.Key(t, "maintainer"), ut.Key(t, "mallory")
	keys := ring(t, key, mallory, key)
	commit := strings.Repeat("a", 40)
	tag := func(name, commit string, by *openpgp.Entity) []byte {
		head := fmt.Sprintf("object %s\ntype commit\ntag %s\ntagger T <t@example.test> 1790000000 +0000\n\nLinux 7.3-rc4\n", commit, name)
		if by == nil {
			return []byte(head)
		}
		return append([]byte(head), ut.Sign(t, []byte(head), by)...)
	}
	for name, tc := range map[string]struct {
		object []byte
		state  trust.State
	}{
		"good":                  {tag("v7.3-rc4", commit, key), trust.Verified},
		"unsigned":              {tag("v7.3-rc4", commit, nil), trust.Missing},
		"a different signer":    {tag("v7.3-rc4", commit, mallory), trust.WrongSigner},
		"of a different commit": {tag("v7.3-rc4", strings.Repeat("b", 40), key), trust.Altered},
		"of a different name":   {tag("v7.3-rc3", commit, key), trust.Altered},
		"altered after signing": {[]byte(strings.Replace(string(tag("v7.3-rc4", commit, key)), "Linux 7.3", "Linux 7.2", 1)), trust.Altered},
		"not of a commit":       {[]byte(strings.Replace(string(tag("v7.3-rc4", commit, nil)), "commit\n", "tree\n", 1)), trust.Missing},
	} {
		by, err := keys.Tag(tc.object, "v7.3-rc4", commit)
		if trust.StateOf(err) != tc.state || err == nil && by.Fingerprint != ut.Fingerprint(key) {
			t.Errorf("%s: %v by %v", name, err, by)
		}
	}
}

func TestSignersNeedFullFingerprints(t *testing.T) {
	list, err := trust.ParseSigners([]string{"E27E 5D8A 3403 A2EF 6687  3BBC DEA6 6FF7 9777 2CDC someone@kernel.org", strings.Repeat("ab", 32)})
	if err != nil || list[0].Fingerprint != "E27E5D8A3403A2EF66873BBCDEA66FF797772CDC" || list[0].Address != "someone@kernel.org" || len(list[1].Fingerprint) != 64 {
		t.Errorf("%v, %v", list, err)
	}
	for _, short := range []string{"97772CDC", "DEA66FF797772CDC", "", "somebody"} {
		if _, err := trust.ParseSigners([]string{short}); err == nil {
			t.Errorf("%q was accepted as a full fingerprint", short)
		}
	}
}

func TestPinnedSignersDiffer(t *testing.T) {
	for _, s := range trust.ChecksumSigners() {
		for _, r := range trust.ReleaseSigners() {
			if s.Fingerprint == r.Fingerprint {
				t.Errorf("%s is trusted for both", s)
			}
		}
	}
}
