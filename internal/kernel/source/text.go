package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf16"

	"github.com/romanatrashyonok/kiln/internal/kernel/decompress"
)

// maxText is the largest text in bytes, decompressed: a small file can decompress to more than
// memory holds.
const maxText = 256 << 20

// ReadText reads a text that people bring, such as a patch: decompressed, and as a tool for
// Linux would have written it. Bytes that are no UTF-8 stay as they are.
func ReadText(path string) ([]byte, error) {
	info, err := os.Stat(path) // opening a pipe would wait for its writer
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a folder: expected a file")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is a device, pipe or socket: expected a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := decompress.NewReader(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, maxText+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("decompress it (%s): %w", r.Format, err)
	case len(text) > maxText:
		return nil, fmt.Errorf("it has more than %d MiB", maxText>>20)
	}
	return normalized(text), nil
}

// normalized returns a text as git would have written it: PowerShell writes UTF-16, and
// Windows tools end every line with CR LF.
func normalized(text []byte) []byte {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) {
		units := make([]uint16, 0, len(text)/2)
		for i := 2; i+1 < len(text); i += 2 {
			units = append(units, uint16(text[i])|uint16(text[i+1])<<8)
		}
		text = []byte(string(utf16.Decode(units)))
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if lines := bytes.Count(text, []byte("\n")); lines > 0 && bytes.Count(text, []byte("\r\n")) == lines {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	return text
}
