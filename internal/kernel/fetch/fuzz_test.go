package fetch

import (
	"archive/tar"
	"bytes"
	"os/exec"
	"strings"
	"testing"

	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
)

// fuzzLimit keeps the fuzzer from what only takes long.
const fuzzLimit = 64 << 10

// FuzzFindKernel reads files that people take for tarballs.
func FuzzFindKernel(f *testing.F) {
	plain := tarOf(f, version)
	f.Add(plain)
	f.Add(ut.Zip(f, plain))
	for _, argv := range [][]string{{"xz"}, {"xz", "--check=sha256", "--block-size=4096"}, {"bzip2"}, {"zstd", "-q"}} {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Stdin = bytes.NewReader(plain)
		if out, err := cmd.Output(); err == nil {
			f.Add(out)
			f.Add(out[:len(out)/2])
		}
	}
	f.Add([]byte("<!DOCTYPE html>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > fuzzLimit {
			return
		}
		l, err := findKernel(bytes.NewReader(data))
		if err == nil && (l.Version.IsZero() || l.Prefix != "" && !strings.HasSuffix(l.Prefix, "/")) {
			t.Errorf("got %+v", l)
		}
	})
}

// FuzzCheckMembers checks that no member of an accepted tar is outside of its folder.
func FuzzCheckMembers(f *testing.F) {
	f.Add(tarOf(f, version))
	f.Add(ut.Pack(f, append(ut.Tree(version), ut.Member{Header: tar.Header{Name: "linux-6.12.7/x", Typeflag: tar.TypeSymlink, Linkname: "../../x"}})))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > fuzzLimit {
			return
		}
		if _, err := checkMembers(bytes.NewReader(data), "linux-6.12.7"); err != nil {
			return
		}
		in := tar.NewReader(bytes.NewReader(data))
		for head, err := in.Next(); err == nil; head, err = in.Next() {
			if head.Typeflag != tar.TypeXGlobalHeader && !strings.HasPrefix(head.Name, "linux-6.12.7") {
				t.Errorf("accepted %q", head.Name)
			}
		}
	})
}

// FuzzMakefileVersion reads what is the first lines of some Makefile.
func FuzzMakefileVersion(f *testing.F) {
	f.Add("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 7\nEXTRAVERSION = -rc3-vendor\n")
	f.Add("VERSION = 2026\nPATCHLEVEL = 01\n")
	f.Add("VERSION=6 # x\nPATCHLEVEL=\nVERSION = 7\n")
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := makefileVersion(text); err == nil && (v.IsZero() || strings.ContainsAny(v.String(), "/ \n")) {
			t.Errorf("got %q", v)
		}
	})
}
