package fetch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
)

func TestMissingSignature(t *testing.T) {
	o := newOrg(t)
	os.Remove(filepath.Join(o.Dir, ut.Signature(version)))
	wantRefused(t, o, trust.Missing, "has no linux-6.12.7.tar.sign")
}

func TestEmptySignature(t *testing.T) {
	o := newOrg(t)
	o.Put(ut.Signature(version), nil)
	wantRefused(t, o, trust.Missing, "no signature")
}

func TestKeyInPlaceOfASignature(t *testing.T) {
	o := newOrg(t)
	o.Put(ut.Signature(version), ut.Public(t, o.Maintainer))
	wantRefused(t, o, trust.Missing, "expected an OpenPGP signature")
}

func TestSignatureOfADifferentTarball(t *testing.T) {
	o := newOrg(t)
	o.Put(ut.Signature(version), ut.Sign(t, tarOf(t, older), o.Maintainer))
	wantRefused(t, o, trust.Altered, "does not match")
}

func TestSignedByTwo(t *testing.T) {
	o := newOrg(t)
	sign(t, o, o.Maintainer, ut.Key(t, "mallory"))
	wantRefused(t, o, trust.Altered, "several")
}

// TestSignedByTheAutosigner signs a release with the key that is trusted for checksums.
func TestSignedByTheAutosigner(t *testing.T) {
	o := newOrg(t)
	sign(t, o, o.Autosigner)
	wantRefused(t, o, trust.WrongSigner, "not trusted for releases")
}

func TestSignedByAnUnknownKey(t *testing.T) {
	o := newOrg(t)
	sign(t, o, ut.Key(t, "mallory"))
	wantRefused(t, o, trust.WrongSigner, "not trusted for releases")
}

func TestSignedByAKeyThatIsPresentButNotPinned(t *testing.T) {
	o, mallory := newOrg(t), ut.Key(t, "mallory")
	o.PutKey(mallory)
	sign(t, o, mallory)
	wantRefused(t, o, trust.WrongSigner, "not trusted for releases")
}

func TestSignedByAnExpiredKey(t *testing.T) {
	o := newOrg(t)
	created := time.Now().Add(-48 * time.Hour)
	o.Maintainer = ut.Key(t, "maintainer", &packet.Config{KeyLifetimeSecs: 3600, Time: func() time.Time { return created }})
	o.PutKey(o.Maintainer)
	o.Put(ut.Signature(version), ut.SignAt(t, created, tarOf(t, version), o.Maintainer))
	wantRefused(t, o, trust.WrongSigner, "expired")
}

func TestSignedByARevokedKey(t *testing.T) {
	o := newOrg(t)
	sign(t, o, o.Maintainer)
	if err := o.Maintainer.RevokeKey(packet.KeyCompromised, "stolen", nil); err != nil {
		t.Fatal(err)
	}
	o.PutKey(o.Maintainer)
	wantRefused(t, o, trust.WrongSigner, "revoked")
}

// TestKeyFileWithAWrongKey puts a key of the same user name into the trusted key's file.
func TestKeyFileWithAWrongKey(t *testing.T) {
	o, mallory := newOrg(t), ut.Key(t, "maintainer")
	sign(t, o, mallory)
	write(t, filepath.Join(o.Keys, ut.Fingerprint(o.Maintainer)+".asc"), string(ut.Public(t, mallory)))
	wantRefused(t, o, trust.NoKeys, "none of the keys")
}

func TestKeyFileIsMissing(t *testing.T) {
	o := newOrg(t)
	os.Remove(filepath.Join(o.Keys, ut.Fingerprint(o.Maintainer)+".asc"))
	wantRefused(t, o, trust.NoKeys, "is missing")
}

// TestForgedFingerprint signs with a different key under the trusted key's fingerprint.
func TestForgedFingerprint(t *testing.T) {
	o, mallory := newOrg(t), ut.Key(t, "maintainer")
	mallory.PrivateKey.KeyId, mallory.PrivateKey.Fingerprint = o.Maintainer.PrimaryKey.KeyId, o.Maintainer.PrimaryKey.Fingerprint
	sign(t, o, mallory)
	wantRefused(t, o, trust.Altered, "does not match")
}

// TestForgedKeyID signs with a different key, present among the keys, under the trusted
// key's 64-bit id alone.
func TestForgedKeyID(t *testing.T) {
	o, mallory := newOrg(t), ut.Key(t, "maintainer")
	o.PutKey(mallory)
	mallory.PrivateKey.KeyId = o.Maintainer.PrimaryKey.KeyId
	sign(t, o, mallory)
	wantRefused(t, o, trust.WrongSigner, "not trusted")
}

func TestAlteredChecksums(t *testing.T) {
	o := newOrg(t)
	list := o.Get(ut.SumsFile)
	digit := &list[strings.Index(string(list), "  linux-")-1]
	if *digit == '0' {
		*digit = '1'
	} else {
		*digit = '0'
	}
	o.Put(ut.SumsFile, list)
	wantRefused(t, o, trust.Altered, "does not match")
}

func TestUnsignedChecksums(t *testing.T) {
	o := newOrg(t)
	o.Put(ut.SumsFile, []byte(ut.Sums(t, filepath.Join(o.Dir, "v6.x"))))
	wantRefused(t, o, trust.Missing, "no signature")
}

func TestLineBehindTheSignatureOfChecksums(t *testing.T) {
	o := newOrg(t)
	o.Put(ut.SumsFile, append(o.Get(ut.SumsFile), strings.Repeat("0", 64)+"  linux-6.12.7.tar.gz\n"...))
	wantRefused(t, o, trust.Altered, "follows the signature")
}

func TestChecksumsSignedByAnUnknownKey(t *testing.T) {
	o := newOrg(t)
	o.SignSums(ut.Key(t, "mallory"))
	wantRefused(t, o, trust.WrongSigner, "not trusted for checksums")
}

// TestChecksumsSignedByTheMaintainer signs checksums with the key that is trusted for
// releases.
func TestChecksumsSignedByTheMaintainer(t *testing.T) {
	o := newOrg(t)
	o.SignSums(o.Maintainer)
	wantRefused(t, o, trust.WrongSigner, "not trusted for checksums")
}

func TestChecksumsNotYetPublished(t *testing.T) {
	o := newOrg(t)
	o.Put(ut.SumsFile, ut.Clearsign(t, strings.Repeat("0", 64)+"  linux-6.12.6.tar.gz\n", o.Autosigner))
	wantRefused(t, o, trust.Unpublished, "wait")
}
