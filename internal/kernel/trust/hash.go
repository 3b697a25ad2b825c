package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Hash returns the sha256 of body, in hex.
func Hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// HashFile returns the sha256 of the file at path, in hex.
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

// CheckHash compares the file at path with its sha256, in hex, before anything reads its
// content. A different hash is an error of state Altered.
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
