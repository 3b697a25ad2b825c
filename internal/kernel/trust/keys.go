package trust

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/google/renameio/v2"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// WKD is the value of Keys.From that looks keys up at the signers' own domain.
const WKD = "wkd"

// Keys obtains public keys. Wherever they come from, a key is accepted only by its full
// fingerprint.
type Keys struct {
	From  string                                        // WKD, or a folder of key files
	Cache string                                        // folder for keys that were looked up
	Get   func(context.Context, string) ([]byte, error) // fetches a URL
	Now   func() time.Time
}

// Ring returns the keys of signers. A key that cannot be obtained becomes an error when a
// signature needs it. purpose completes "not trusted for", as "releases".
func (k Keys) Ring(ctx context.Context, purpose string, signers []Signer) (Keyring, error) {
	ring := Keyring{purpose: purpose, pinned: signers, keys: map[string]*openpgp.Entity{}, missing: map[string]error{}, now: k.Now}
	if k.From != WKD {
		err := ring.addFolder(k.From)
		return ring, err
	}
	for _, s := range signers {
		key, err := k.lookUp(ctx, s)
		if err != nil {
			ring.missing[s.Fingerprint] = err
			continue
		}
		ring.keys[s.Fingerprint] = key
	}
	return ring, nil
}

// addFolder adds the pinned keys from the key files in a folder.
func (k Keyring) addFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fault.New(fault.Usage, `upstream.keys is "wkd" or a folder of key files, relative to that of kernels.toml`, "read keys: %w", err)
	}
	for _, entry := range entries {
		switch filepath.Ext(entry.Name()) {
		case ".asc", ".gpg", ".pgp", ".key":
		default:
			continue
		}
		path := filepath.Join(dir, entry.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return fault.Wrap(fault.Usage, err)
		}
		keys, err := readKeys(text)
		if err != nil {
			return fault.New(fault.Usage, "", "%s: expected OpenPGP public keys: %w", path, err)
		}
		for _, s := range k.pinned {
			if key := pick(keys, s); key != nil {
				k.keys[s.Fingerprint] = key
			}
		}
	}
	return nil
}

// lookUp returns a signer's key from the cache, or from the web key directory where the
// cache has none that is fresh.
func (k Keys) lookUp(ctx context.Context, s Signer) (*openpgp.Entity, error) {
	path := filepath.Join(k.Cache, s.Fingerprint+".pgp")
	var cached *openpgp.Entity
	if text, err := os.ReadFile(path); err == nil {
		if keys, err := readKeys(text); err == nil {
			cached = pick(keys, s)
		}
	}
	if cached != nil && k.fresh(path) {
		return cached, nil
	}
	fetched, err := k.fetch(ctx, s)
	if err != nil {
		if cached != nil {
			return cached, nil
		}
		return nil, err
	}
	var text bytes.Buffer
	if err := fetched.Serialize(&text); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(k.Cache, 0o755); err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	return fetched, fault.Wrap(fault.Environment, renameio.WriteFile(path, text.Bytes(), 0o644))
}

// keyAge is how long a key is cached before it is looked up again: a revocation must
// become known, and so must a later date of expiry.
const keyAge = 7 * 24 * time.Hour

func (k Keys) fresh(path string) bool {
	info, err := os.Stat(path)
	return err == nil && k.Now().Sub(info.ModTime()) < keyAge
}

// fetch looks a key up in the web key directory (draft-koch-openpgp-webkey-service, section
// 3.1): first by the advanced method, at the host openpgpkey, then at the domain itself.
func (k Keys) fetch(ctx context.Context, s Signer) (*openpgp.Entity, error) {
	local, domain, ok := strings.Cut(s.Address, "@")
	if !ok {
		return nil, errors.New("its signer has no address to look it up by; put the key into a folder and set upstream.keys to that")
	}
	sum := sha1.Sum([]byte(strings.ToLower(local)))
	name := zbase32.EncodeToString(sum[:]) + "?l=" + local
	var errs []error
	for _, address := range []string{
		"https://openpgpkey." + domain + "/.well-known/openpgpkey/" + domain + "/hu/" + name,
		"https://" + domain + "/.well-known/openpgpkey/hu/" + name,
	} {
		text, err := k.Get(ctx, address)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		keys, err := readKeys(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: expected OpenPGP keys: %w", address, err))
			continue
		}
		if key := pick(keys, s); key != nil {
			return key, nil
		}
		errs = append(errs, fmt.Errorf("%s has no key %s for %s", domain, s.Fingerprint, s.Address))
	}
	return nil, errors.Join(errs...)
}

// zbase32 is the encoding of names in a web key directory (RFC 6189,
// section 5.1.6).
var zbase32 = base32.NewEncoding("ybndrfg8ejkmcpqxot1uwisza345h769").WithPadding(base32.NoPadding)

// readKeys reads keys as they are stored: packets, or one armored block or more.
func readKeys(text []byte) (openpgp.EntityList, error) {
	const begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	blocks := strings.Split(string(text), begin)
	if len(blocks) == 1 {
		return openpgp.ReadKeyRing(bytes.NewReader(text))
	}
	var all openpgp.EntityList
	for _, block := range blocks[1:] {
		keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(begin + block))
		if err != nil {
			return nil, err
		}
		all = append(all, keys...)
	}
	return all, nil
}

// pick returns the key whose primary key has the signer's fingerprint, or nil.
func pick(keys openpgp.EntityList, s Signer) *openpgp.Entity {
	for _, key := range keys {
		if strings.EqualFold(hex.EncodeToString(key.PrimaryKey.Fingerprint), s.Fingerprint) {
			return key
		}
	}
	return nil
}
