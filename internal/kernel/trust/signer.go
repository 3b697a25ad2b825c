package trust

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Signer is somebody whose key is trusted, pinned by the full fingerprint of its primary
// key.
type Signer struct {
	Fingerprint string // 40 hex digits (64 for version 6 keys), upper case
	Name        string
	Address     string // where the key is found by WKD; may be empty
}

// String returns name and fingerprint, for manifests and messages.
func (s Signer) String() string { return strings.TrimSpace(s.Name + " " + s.Fingerprint) }

// ChecksumSigners returns the signers of kernel.org's lists of checksums. Source of all
// fingerprints: kernel.org/signature.html; each was computed from the key itself.
func ChecksumSigners() []Signer {
	return []Signer{
		{"B8868C80BA62A1FFFAF5FDA9632D3A06589DA6B1", "Kernel.org checksum autosigner", "autosigner@kernel.org"},
	}
}

// ReleaseSigners returns the signers of tarballs and tags.
func ReleaseSigners() []Signer {
	return []Signer{
		{"ABAF11C65A2970B130ABE3C479BE3E4300411886", "Linus Torvalds", "torvalds@kernel.org"},
		{"647F28654894E3BD457199BE38DBBDC86092693E", "Greg Kroah-Hartman", "gregkh@kernel.org"},
	}
}

// ParseSigners reads further signers, each a full fingerprint, with or without spaces, and
// optionally the e-mail address to look the key up by.
func ParseSigners(texts []string) ([]Signer, error) {
	var list []Signer
	for _, text := range texts {
		digits, address := "", ""
		for _, word := range strings.Fields(text) {
			if strings.Contains(word, "@") {
				address = word
				continue
			}
			digits += word
		}
		raw, err := hex.DecodeString(digits)
		if err != nil || (len(raw) != 20 && len(raw) != 32) {
			return nil, fmt.Errorf("expected a full fingerprint of 40 hex digits, optionally followed by an e-mail address, got %q", text)
		}
		list = append(list, Signer{Fingerprint: strings.ToUpper(digits), Address: address})
	}
	return list, nil
}
