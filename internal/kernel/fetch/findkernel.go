package fetch

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/decompress"
)

// notTar is the error of a file that is no tarball.
type notTar struct {
	what string // what it is instead
	fix  string // "" where nothing better is known than to name a tarball
}

func (e *notTar) Error() string { return "it is " + e.what + ", not a tarball" }

// otherFormats are files that people take for tarballs, by how they begin.
var otherFormats = []struct {
	prefix string
	is     notTar
}{
	{"PK\x03\x04", notTar{"a zip archive", "unpack it, and name its folder"}},
	{"7z\xbc\xaf", notTar{"a 7z archive", "unpack it, and name its folder"}},
	{"!<arch>\n", notTar{"a Debian package", `unpack it with dpkg-deb --extract and name the tarball in it, or use source = ["debian"]`}},
	{"\xed\xab\xee\xdb", notTar{"an RPM package", "unpack it with rpm2cpio and cpio, and name the tarball in it"}},
	{"\x04\x22\x4d\x18", notTar{"compressed by lz4", "decompress it"}},
	{"LZIP", notTar{"compressed by lzip", "decompress it"}},
	{"\x5d\x00\x00", notTar{"compressed by lzma", "decompress it"}},
	{"\x1f\x9d", notTar{"compressed by compress", "decompress it"}},
	{"-----BEGIN PGP SIGNATURE", notTar{"a signature", "name the tarball that it signs"}},
	{"diff --git ", notTar{"a patch", "name it in patches"}},
	{"--- ", notTar{"a patch", "name it in patches"}},
	{"<", notTar{"a web page", "download it again: the server sent a page in its place"}},
}

// maxMakefile is the size, in bytes, above which a Makefile is not the kernel's.
const maxMakefile = 1 << 20

// findKernel reads a tarball as far as the kernel's top Makefile: the first one with a
// version. The error is a *notTar if it is none.
func findKernel(file io.Reader) (l layout, err error) {
	unpacked, err := decompress.NewReader(file)
	if err != nil {
		return l, damaged(err)
	}
	defer unpacked.Close()
	l.Format = unpacked.Format
	r := bufio.NewReaderSize(unpacked, 64<<10)
	if err := checkHead(r); err != nil {
		return l, err
	}
	first := ""
	for in := tar.NewReader(r); ; {
		head, err := in.Next()
		switch {
		case err == io.EOF && first == "":
			return l, errors.New("the tarball is empty")
		case err == io.EOF:
			return l, fmt.Errorf("the tarball has no Makefile of a Linux kernel (its first file is %s)", first)
		case err != nil && first == "" && errors.Is(err, tar.ErrHeader):
			return l, &notTar{what: "no archive that is known"}
		case err != nil:
			return l, damaged(err)
		}
		if first == "" && head.Typeflag != tar.TypeXGlobalHeader {
			first = head.Name
		}
		if path.Base(head.Name) != "Makefile" || head.Typeflag != tar.TypeReg || head.Size > maxMakefile {
			continue
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return l, damaged(err)
		}
		if l.Version, err = makefileVersion(string(text)); err == nil {
			l.Prefix = strings.TrimSuffix(head.Name, "Makefile")
			return l, nil
		}
	}
}

func damaged(err error) error {
	return fmt.Errorf("the tarball is damaged or not complete: %w", err)
}

// checkHead reports, as an error, content that is empty or known to be something else.
func checkHead(r *bufio.Reader) error {
	head, err := r.Peek(512)
	if len(head) == 0 {
		if err == nil || err == io.EOF {
			return errors.New("the file is empty")
		}
		return damaged(err)
	}
	for _, other := range otherFormats {
		if strings.HasPrefix(strings.TrimLeft(string(head), "\xef\xbb\xbf \r\n\t"), other.prefix) {
			return &other.is
		}
	}
	if !bytes.Contains(head, []byte{0}) && (err == nil || err == io.EOF) { // a tar's first header is padded with zeros
		return &notTar{what: "a text file"}
	}
	return nil
}
