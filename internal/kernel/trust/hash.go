package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Hash gives the sha256 of some bytes, in hex.
func Hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// HashFile gives the sha256 of a file of this machine, in hex.
func HashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// CheckHash compares a file with its sha256, before anything else looks into it.
func CheckHash(path, sum string) error {
	got, err := HashFile(path)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	if got != sum {
		return Refuse(Altered, "", "its sha256 is %s, expected %s", got, sum)
	}
	return nil
}
