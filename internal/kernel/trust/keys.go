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

// WKD is the value of Keys.From that has keys looked up at the signers' own domain.
const WKD = "wkd"

// Keys is where public keys come from. Wherever that is, a key is taken by its full
// fingerprint and by nothing else.
type Keys struct {
	From  string                                        // WKD, or a folder of key files
	Cache string                                        // folder for keys that were looked up
	Get   func(context.Context, string) ([]byte, error) // fetches a URL
	Now   func() time.Time
}

// Ring gathers the keys of signers. A key that cannot be had is told when a
// signature needs it.
func (k Keys) Ring(ctx context.Context, purpose string, signers []Signer) (Keyring, error) {
	ring := Keyring{purpose: purpose, pinned: signers, keys: map[string]*openpgp.Entity{}, lacking: map[string]error{}, now: k.Now}
	if k.From != WKD {
		err := ring.addFolder(k.From)
		return ring, err
	}
	for _, s := range signers {
		key, err := k.lookUp(ctx, s)
		if err != nil {
			ring.lacking[s.Fingerprint] = err
			continue
		}
		ring.keys[s.Fingerprint] = key
	}
	return ring, nil
}

// addFolder takes the pinned keys out of a folder's files.
func (k Keyring) addFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fault.New(fault.Usage, `set upstream.keys to "wkd" or to a folder of key files, relative to the folder of kernels.toml`, "read keys: %w", err)
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

// lookUp gives a signer's key from the cache, or from the web key directory where
// the cache has none that counts now.
func (k Keys) lookUp(ctx context.Context, s Signer) (*openpgp.Entity, error) {
	path := filepath.Join(k.Cache, s.Fingerprint+".pgp")
	var kept *openpgp.Entity
	if text, err := os.ReadFile(path); err == nil {
		if keys, err := readKeys(text); err == nil {
			kept = pick(keys, s)
		}
	}
	if kept != nil && k.fresh(path) {
		return kept, nil
	}
	fetched, err := k.fetch(ctx, s)
	if err != nil {
		if kept != nil {
			return kept, nil
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

// keyAge is how long a key is kept before it is looked up again: a revocation must
// become known, and an end that was put off.
const keyAge = 7 * 24 * time.Hour

func (k Keys) fresh(path string) bool {
	info, err := os.Stat(path)
	return err == nil && k.Now().Sub(info.ModTime()) < keyAge
}

// fetch asks the web key directory (draft-koch-openpgp-webkey-service, section
// 3.1): first the host that is there for it, then the domain itself.
func (k Keys) fetch(ctx context.Context, s Signer) (*openpgp.Entity, error) {
	local, domain, ok := strings.Cut(s.Address, "@")
	if !ok {
		return nil, errors.New("no address is known to look it up by; put the key into a folder and name that in upstream.keys")
	}
	sum := sha1.Sum([]byte(strings.ToLower(local)))
	name := zbase32.EncodeToString(sum[:]) + "?l=" + local
	var faults []error
	for _, address := range []string{
		"https://openpgpkey." + domain + "/.well-known/openpgpkey/" + domain + "/hu/" + name,
		"https://" + domain + "/.well-known/openpgpkey/hu/" + name,
	} {
		text, err := k.Get(ctx, address)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		keys, err := readKeys(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: expected OpenPGP keys: %w", address, err))
			continue
		}
		if key := pick(keys, s); key != nil {
			return key, nil
		}
		faults = append(faults, fmt.Errorf("what %s has for %s is not key %s", domain, s.Address, s.Fingerprint))
	}
	return nil, errors.Join(faults...)
}

// zbase32 is the alphabet in which a web key directory writes names (RFC 6189,
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

// pick gives the key whose primary key has the signer's fingerprint, or nil.
func pick(keys openpgp.EntityList, s Signer) *openpgp.Entity {
	for _, key := range keys {
		if strings.EqualFold(hex.EncodeToString(key.PrimaryKey.Fingerprint), s.Fingerprint) {
			return key
		}
	}
	return nil
}
