package decompress

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
)

// packers are the programs that pack each format. zstd's --long needs a large window.
var packers = map[Format][]string{
	None: {"cat"}, Gzip: {"gzip"}, XZ: {"xz", "--check=sha256"}, Bzip2: {"bzip2"}, Zstd: {"zstd", "--long=31", "-q"},
}

// pack compresses text with a program.
func pack(t testing.TB, format Format, text string) []byte {
	t.Helper()
	argv := packers[format]
	if _, err := exec.LookPath(argv[0]); err != nil {
		enginetest.Unavailable(t, "%v", err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestContentDecidesTheFormat also reads two files one after the other, as programs that
// compress in parallel write them.
func TestContentDecidesTheFormat(t *testing.T) {
	text := strings.Repeat("a patch\n", 1000)
	for format := range packers {
		t.Run("of "+string(format), func(t *testing.T) {
			packed := pack(t, format, text)
			r, err := NewReader(bytes.NewReader(append(packed, packed...)))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			if err != nil || string(got) != text+text || r.Format != format {
				t.Errorf("format %q, %d bytes, %v; want %q, %d", r.Format, len(got), err, format, 2*len(text))
			}
		})
	}
}

func TestTruncatedFileIsAnError(t *testing.T) {
	for format := range packers {
		if format == None {
			continue
		}
		t.Run(string(format), func(t *testing.T) {
			packed := pack(t, format, strings.Repeat("a patch\n", 1000))
			r, err := NewReader(bytes.NewReader(packed[:len(packed)-5]))
			if err == nil {
				defer r.Close()
				_, err = io.Copy(io.Discard, r)
			}
			if err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestEmptyFile(t *testing.T) {
	r, err := NewReader(strings.NewReader(""))
	if err != nil || r.Format != None {
		t.Fatalf("%v, %v", r, err)
	}
	if n, err := io.Copy(io.Discard, r); n != 0 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}
