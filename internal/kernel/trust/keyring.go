package trust

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgp "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Keyring holds the keys that are trusted for one purpose, and which of the pinned ones
// could not be obtained.
type Keyring struct {
	purpose string // "checksums" or "releases", for messages
	pinned  []Signer
	keys    map[string]*openpgp.Entity // by the fingerprint of the primary key
	missing map[string]error           // why a pinned key could not be obtained, by its fingerprint
	now     func() time.Time
}

// Clearsigned verifies a text in the cleartext signature framework (RFC 9580, section 7)
// and returns the text that was signed and its signer.
func (k Keyring) Clearsigned(text []byte) (signed []byte, by Signer, err error) {
	block, rest := clearsign.Decode(text)
	if block == nil {
		return nil, by, Refuse(Missing, "", "expected a text with an OpenPGP signature, found no signature")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, by, Refuse(Altered, "", "something follows the signature")
	}
	raw, err := io.ReadAll(block.ArmoredSignature.Body)
	if err != nil {
		return nil, by, Refuse(Altered, "", "read the signature: %w", err)
	}
	by, err = k.verify(bytes.NewReader(block.Bytes), raw)
	return block.Plaintext, by, err
}

// Detached verifies a detached signature, armored or not, over what signed reads. It reads
// signed to its end only if the signature was made by a trusted key.
func (k Keyring) Detached(signed io.Reader, signature []byte) (Signer, error) {
	raw, err := dearmor(signature)
	if err != nil {
		return Signer{}, err
	}
	return k.verify(signed, raw)
}

// Tag verifies a git tag, as "git cat-file tag" prints it: that a trusted key signed it,
// that its name is name, and that it refers to commit.
func (k Keyring) Tag(object []byte, name, commit string) (Signer, error) {
	at := bytes.Index(object, []byte("-----BEGIN PGP SIGNATURE-----"))
	if at < 0 {
		return Signer{}, Refuse(Missing, "", "tag %s has no OpenPGP signature", name)
	}
	by, err := k.Detached(bytes.NewReader(object[:at]), object[at:])
	if err != nil {
		return by, err
	}
	head := "object " + commit + "\ntype commit\ntag " + name + "\n"
	if !strings.HasPrefix(string(object), head) {
		return by, Refuse(Altered, "", "expected tag %s of commit %s, got %q", name, commit, firstLines(object, 3))
	}
	return by, nil
}

func firstLines(text []byte, n int) string {
	lines := strings.SplitN(string(text), "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}

// dearmor returns the packets of a signature.
func dearmor(signature []byte) ([]byte, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(signature), []byte("-----BEGIN")) {
		return signature, nil
	}
	block, err := armor.Decode(bytes.NewReader(signature))
	if err != nil {
		return nil, Refuse(Altered, "", "read the signature: %w", err)
	}
	if block.Type != openpgp.SignatureType {
		return nil, Refuse(Missing, "", "expected an OpenPGP signature, got a %s", block.Type)
	}
	raw, err := io.ReadAll(block.Body)
	if err != nil {
		return nil, Refuse(Altered, "", "read the signature: %w", err)
	}
	return raw, nil
}

// verify checks that raw is one signature of a trusted key over what signed reads.
func (k Keyring) verify(signed io.Reader, raw []byte) (Signer, error) {
	sig, err := parseSignature(raw)
	if err != nil {
		return Signer{}, err
	}
	by, key, err := k.signerOf(sig)
	if err != nil {
		return Signer{}, err
	}
	if key.Revoked(k.now()) {
		return by, Refuse(WrongSigner, "", "the key of %s is revoked", by)
	}
	_, _, err = openpgp.VerifyDetachedSignature(openpgp.EntityList{key}, signed, bytes.NewReader(raw), &packet.Config{Time: k.now})
	switch {
	case err == nil:
		return by, nil
	case errors.Is(err, pgp.ErrKeyExpired), errors.Is(err, pgp.ErrKeyRevoked), errors.Is(err, pgp.ErrSignatureExpired):
		return by, Refuse(WrongSigner, "", "the key of %s is not valid now: %w", by, err)
	case errors.Is(err, pgp.ErrUnknownIssuer):
		return by, Refuse(WrongSigner, "", "%s has no signing key with that id that is valid now", by)
	}
	return by, Refuse(Altered, "", "the signature of %s does not match: %w", by, err)
}

// parseSignature reads exactly one signature packet.
func parseSignature(raw []byte) (*packet.Signature, error) {
	var found *packet.Signature
	for packets := packet.NewReader(bytes.NewReader(raw)); ; {
		p, err := packets.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		sig, ok := p.(*packet.Signature)
		switch {
		case err != nil:
			return nil, Refuse(Altered, "", "read the signature: %w", err)
		case !ok:
			return nil, Refuse(Altered, "", "expected only a signature, found a different packet too")
		case found != nil:
			return nil, Refuse(Altered, "", "expected one signature, found several")
		}
		found = sig
	}
	if found == nil {
		return nil, Refuse(Missing, "", "no signature found")
	}
	return found, nil
}

// signerOf finds the trusted key that a signature names as its maker. Where it names only
// the 64-bit key id, that may be forged: verifying the signature decides.
func (k Keyring) signerOf(sig *packet.Signature) (Signer, *openpgp.Entity, error) {
	for _, s := range k.pinned {
		if key := k.keys[s.Fingerprint]; key != nil && names(sig, key) {
			return s, key, nil
		}
	}
	issuer := issuerOf(sig)
	for _, s := range k.pinned {
		if strings.HasSuffix(s.Fingerprint, issuer) && k.keys[s.Fingerprint] == nil {
			return s, nil, Refuse(NoKeys, "", "the key of %s is missing%s", s, reason(k.missing[s.Fingerprint]))
		}
	}
	for fingerprint, err := range k.missing { // the issuer may be a subkey of that one
		return Signer{}, nil, Refuse(NoKeys, "", "signed by %s, and key %s is missing%s", issuer, fingerprint, reason(err))
	}
	if len(k.keys) == 0 {
		return Signer{}, nil, Refuse(NoKeys, "put them into the folder upstream.keys, or set that", "none of the keys for %s is available", k.purpose)
	}
	return Signer{}, nil, Refuse(WrongSigner, "to trust it, add the fingerprint of its primary key to upstream.trust in kernels.toml",
		"signed by %s, which is not trusted for %s", issuer, k.purpose)
}

// reason returns the end of a message for an error that may be nil.
func reason(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// names reports whether a signature names the primary key or a subkey of an entity.
func names(sig *packet.Signature, key *openpgp.Entity) bool {
	is := func(p *packet.PublicKey) bool {
		if sig.IssuerFingerprint != nil {
			return bytes.Equal(sig.IssuerFingerprint, p.Fingerprint)
		}
		return sig.IssuerKeyId != nil && *sig.IssuerKeyId == p.KeyId
	}
	if is(key.PrimaryKey) {
		return true
	}
	for _, sub := range key.Subkeys {
		if is(sub.PublicKey) {
			return true
		}
	}
	return false
}

// issuerOf returns the fingerprint, or else the key id, of the key that a signature names
// as its maker.
func issuerOf(sig *packet.Signature) string {
	switch {
	case sig.IssuerFingerprint != nil:
		return strings.ToUpper(hex.EncodeToString(sig.IssuerFingerprint))
	case sig.IssuerKeyId != nil:
		return fmt.Sprintf("%016X", *sig.IssuerKeyId)
	}
	return "nobody"
}
