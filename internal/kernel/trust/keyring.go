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

// Keyring holds the keys that count for one purpose, and knows which of the pinned
// ones it could not get.
type Keyring struct {
	purpose string // "checksums" or "releases", for messages
	pinned  []Signer
	keys    map[string]*openpgp.Entity // by the fingerprint of the primary key
	lacking map[string]error           // pinned keys that could not be had now, and why
	now     func() time.Time
}

// Clearsigned verifies a text with its signature around it, and gives the text
// that was signed and who signed it.
func (k Keyring) Clearsigned(text []byte) (signed []byte, by Signer, err error) {
	block, rest := clearsign.Decode(text)
	if block == nil {
		return nil, by, Refuse(Missing, "", "expected a text signed by OpenPGP, found no signature in it")
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

// Detached verifies a signature, armored or not, that lies beside what it signs.
// It reads signed to its end only if the signature is one of a key that counts.
func (k Keyring) Detached(signed io.Reader, signature []byte) (Signer, error) {
	raw, err := dearmor(signature)
	if err != nil {
		return Signer{}, err
	}
	return k.verify(signed, raw)
}

// Tag verifies a git tag as "git cat-file tag" prints it: that it is signed by a
// key that counts, is called name, and names commit.
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
		return by, Refuse(Altered, "", "expected tag %s of commit %s, got one that begins %q", name, commit, firstLines(object, 3))
	}
	return by, nil
}

func firstLines(text []byte, n int) string {
	lines := strings.SplitN(string(text), "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}

// dearmor gives the packets of a signature.
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

// verify checks one signature, and nothing else, over what was signed.
func (k Keyring) verify(signed io.Reader, raw []byte) (Signer, error) {
	sig, err := single(raw)
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
		return by, Refuse(WrongSigner, "", "the key of %s does not count now: %w", by, err)
	case errors.Is(err, pgp.ErrUnknownIssuer):
		return by, Refuse(WrongSigner, "", "%s has no key for signing of that number that counts now", by)
	}
	return by, Refuse(Altered, "", "the signature of %s does not fit: %w", by, err)
}

// single reads the packets of a signature: exactly one.
func single(raw []byte) (*packet.Signature, error) {
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
			return nil, Refuse(Altered, "", "expected a signature, found something else beside it")
		case found != nil:
			return nil, Refuse(Altered, "", "expected one signature, found several")
		}
		found = sig
	}
	if found == nil {
		return nil, Refuse(Missing, "", "there is no signature")
	}
	return found, nil
}

// signerOf finds the key that a signature says it was made by. Where only the
// short number of the key is told, the signature itself decides later on.
func (k Keyring) signerOf(sig *packet.Signature) (Signer, *openpgp.Entity, error) {
	for _, s := range k.pinned {
		if key := k.keys[s.Fingerprint]; key != nil && made(key, sig) {
			return s, key, nil
		}
	}
	claimed := claim(sig)
	for _, s := range k.pinned {
		if strings.HasSuffix(s.Fingerprint, claimed) && k.keys[s.Fingerprint] == nil {
			return s, nil, Refuse(NoKeys, "", "the key of %s is not there%s", s, because(k.lacking[s.Fingerprint]))
		}
	}
	for fingerprint, why := range k.lacking { // it may be a subkey of that one
		return Signer{}, nil, Refuse(NoKeys, "", "signed by %s, and key %s is not there to compare%s", claimed, fingerprint, because(why))
	}
	if len(k.keys) == 0 {
		return Signer{}, nil, Refuse(NoKeys, "add the keys, or set upstream.keys", "none of the keys for %s is there", k.purpose)
	}
	return Signer{}, nil, Refuse(WrongSigner, "to trust the key, add the fingerprint of its primary key to upstream.trust in kernels.toml",
		"signed by %s, which does not count for %s", claimed, k.purpose)
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// made tells whether a signature names the primary key or a subkey of an entity.
func made(key *openpgp.Entity, sig *packet.Signature) bool {
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

// claim gives the number of the key that a signature says it was made by.
func claim(sig *packet.Signature) string {
	switch {
	case sig.IssuerFingerprint != nil:
		return strings.ToUpper(hex.EncodeToString(sig.IssuerFingerprint))
	case sig.IssuerKeyId != nil:
		return fmt.Sprintf("%016X", *sig.IssuerKeyId)
	}
	return "nobody"
}
