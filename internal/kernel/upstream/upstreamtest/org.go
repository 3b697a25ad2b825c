// Package upstreamtest provides a kernel.org for tests: an HTTP server on loopback whose
// files are signed by temporary keys.
package upstreamtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
)

// Org is the server. It serves the files in Dir; a test alters them there.
type Org struct {
	URL        string
	Dir        string
	Keys       string          // folder with the public keys of Autosigner and Maintainer
	Autosigner *openpgp.Entity // signs checksums
	Maintainer *openpgp.Entity // signs releases
	// Before, if not nil, runs before a file is served and reports whether it has answered.
	Before func(http.ResponseWriter, *http.Request) bool
	t      testing.TB
}

// New starts a server without releases.
func New(t testing.TB) *Org {
	t.Helper()
	o := &Org{t: t, Dir: t.TempDir(), Keys: t.TempDir(), Autosigner: Key(t, "autosigner"), Maintainer: Key(t, "maintainer")}
	o.PutKey(o.Autosigner)
	o.PutKey(o.Maintainer)
	files := http.FileServer(http.Dir(o.Dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.Before == nil || !o.Before(w, r) {
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	o.URL = server.URL
	return o
}

// Config returns the [upstream] table for the server. Its first mirror does not answer.
func (o *Org) Config() upstream.Config {
	return upstream.Config{
		Releases: o.URL + "/releases.json", EOL: o.URL + "/linux-kernel.json", Sums: o.URL,
		Mirrors: []string{"http://127.0.0.1:1", o.URL}, Git: o.URL + "/linux.git", Keys: o.Keys,
		Trust: upstream.Trust{Sums: []string{Fingerprint(o.Autosigner)}, Release: []string{Fingerprint(o.Maintainer)}},
	}
}

// Environ returns the same as environment variables.
func (o *Org) Environ() []string {
	c := o.Config()
	return []string{
		"KILN_KERNEL_UPSTREAM_RELEASES=" + c.Releases, "KILN_KERNEL_UPSTREAM_EOL=" + c.EOL, "KILN_KERNEL_UPSTREAM_SUMS=" + c.Sums,
		"KILN_KERNEL_UPSTREAM_MIRRORS=" + strings.Join(c.Mirrors, ","), "KILN_KERNEL_UPSTREAM_GIT=" + c.Git, "KILN_KERNEL_UPSTREAM_KEYS=" + c.Keys,
		"KILN_KERNEL_UPSTREAM_TRUST_SUMS=" + c.Trust.Sums[0], "KILN_KERNEL_UPSTREAM_TRUST_RELEASE=" + c.Trust.Release[0],
	}
}

// Key returns a new key pair, made with a configuration if one is given.
func Key(t testing.TB, name string, with ...*packet.Config) *openpgp.Entity {
	t.Helper()
	config := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA}
	if len(with) > 0 {
		config = with[0]
		config.Algorithm = packet.PubKeyAlgoEdDSA
	}
	key, err := openpgp.NewEntity(name, "", name+"@example.test", config)
	check(t, err)
	return key
}

// Fingerprint returns a key's full fingerprint.
func Fingerprint(key *openpgp.Entity) string {
	return strings.ToUpper(hex.EncodeToString(key.PrimaryKey.Fingerprint))
}

// PutKey writes a public key to the folder Keys.
func (o *Org) PutKey(key *openpgp.Entity) {
	o.t.Helper()
	o.write(filepath.Join(o.Keys, Fingerprint(key)+".asc"), Public(o.t, key))
}

// Public returns an armored public key.
func Public(t testing.TB, key *openpgp.Entity) []byte {
	t.Helper()
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	check(t, err)
	check(t, key.Serialize(w))
	check(t, w.Close())
	return text.Bytes()
}

// Sign returns an armored block with a signature over data by each key.
func Sign(t testing.TB, data []byte, by ...*openpgp.Entity) []byte {
	t.Helper()
	return SignAt(t, time.Now(), data, by...)
}

// SignStream returns an armored signature over what data reads.
func SignStream(t testing.TB, data io.Reader, by *openpgp.Entity) []byte {
	t.Helper()
	var text bytes.Buffer
	check(t, openpgp.ArmoredDetachSign(&text, by, data, nil))
	return text.Bytes()
}

// SignAt is Sign at a given time.
func SignAt(t testing.TB, at time.Time, data []byte, by ...*openpgp.Entity) []byte {
	t.Helper()
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.SignatureType, nil)
	check(t, err)
	for _, key := range by {
		check(t, openpgp.DetachSign(w, key, bytes.NewReader(data), &packet.Config{Time: func() time.Time { return at }}))
	}
	check(t, w.Close())
	return text.Bytes()
}

// Clearsign returns a text in the cleartext signature framework.
func Clearsign(t testing.TB, text string, by *openpgp.Entity) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, by.PrivateKey, nil)
	check(t, err)
	_, err = w.Write([]byte(text))
	check(t, err)
	check(t, w.Close())
	return append(out.Bytes(), '\n')
}

// Member is a member of a tarball.
type Member struct {
	tar.Header
	Body string
}

// Tree returns the smallest tree that is accepted as a kernel's source.
func Tree(version string) []Member {
	numbers := strings.Split(version+".0.0", ".")
	makefile := fmt.Sprintf("VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = %s\nEXTRAVERSION =\n", numbers[0], numbers[1], numbers[2])
	top := "linux-" + version + "/"
	return []Member{
		{Header: tar.Header{Name: top, Typeflag: tar.TypeDir, Mode: 0o755}},
		{Header: tar.Header{Name: top + "Makefile", Typeflag: tar.TypeReg, Mode: 0o644}, Body: makefile},
		{Header: tar.Header{Name: top + "deep/", Typeflag: tar.TypeDir, Mode: 0o755}},
		{Header: tar.Header{Name: top + "deep/file.c", Typeflag: tar.TypeReg, Mode: 0o644}, Body: "int x;\n"},
		{Header: tar.Header{Name: top + "link", Typeflag: tar.TypeSymlink, Linkname: "deep/file.c"}},
	}
}

// Pack returns a tar of members.
func Pack(t testing.TB, members []Member) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, m := range members {
		m.Size, m.ModTime = int64(len(m.Body)), time.Unix(1700000000, 0)
		check(t, w.WriteHeader(&m.Header))
		_, err := w.Write([]byte(m.Body))
		check(t, err)
	}
	check(t, w.Close())
	return packed.Bytes()
}

// Zip compresses data with gzip.
func Zip(t testing.TB, data []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(data)
	check(t, err)
	check(t, w.Close())
	return packed.Bytes()
}

// Publish publishes a release: the tarball (given as an uncompressed tar), its signature and
// its checksum.
func (o *Org) Publish(version string, tarball []byte) {
	o.t.Helper()
	o.Put(Tarball(version), Zip(o.t, tarball))
	o.Put(Signature(version), Sign(o.t, tarball, o.Maintainer))
	o.SignSums(o.Autosigner)
}

// PublishXZ publishes a release in that form alone, as newer archives have it.
func (o *Org) PublishXZ(version string, tarball []byte) {
	o.t.Helper()
	var packed bytes.Buffer
	cmd := exec.Command("xz")
	cmd.Stdin, cmd.Stdout = bytes.NewReader(tarball), &packed
	check(o.t, cmd.Run())
	o.Put(strings.TrimSuffix(Tarball(version), ".gz")+".xz", packed.Bytes())
	o.Put(Signature(version), Sign(o.t, tarball, o.Maintainer))
	o.SignSums(o.Autosigner)
}

// Tarball returns the path of a release's tarball on the server.
func Tarball(version string) string { return path.Join(folder(version), "linux-"+version+".tar.gz") }

// Signature returns the path of the signature beside it.
func Signature(version string) string {
	return path.Join(folder(version), "linux-"+version+".tar.sign")
}

// SumsFile is the list of checksums of major version 6.
const SumsFile = "v6.x/sha256sums.asc"

func folder(version string) string {
	major, _, _ := strings.Cut(version, ".")
	return "v" + major + ".x"
}

// SignSums writes the lists of checksums of the present tarballs, signed by a key.
func (o *Org) SignSums(by *openpgp.Entity) {
	o.t.Helper()
	folders, err := filepath.Glob(filepath.Join(o.Dir, "v*.x"))
	check(o.t, err)
	for _, dir := range folders {
		o.write(filepath.Join(dir, "sha256sums.asc"), Clearsign(o.t, Sums(o.t, dir), by))
	}
}

// Sums returns the checksums of a folder's tarballs, as kernel.org writes them.
func Sums(t testing.TB, dir string) string {
	t.Helper()
	tarballs, err := filepath.Glob(filepath.Join(dir, "*.tar.?z"))
	check(t, err)
	slices.Sort(tarballs)
	var text strings.Builder
	for _, each := range tarballs {
		data, err := os.ReadFile(each)
		check(t, err)
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(data), filepath.Base(each))
	}
	return text.String()
}

// Put writes a file that is served.
func (o *Org) Put(name string, data []byte) {
	o.t.Helper()
	o.write(filepath.Join(o.Dir, filepath.FromSlash(name)), data)
}

// Get reads a file that is served.
func (o *Org) Get(name string) []byte {
	o.t.Helper()
	data, err := os.ReadFile(filepath.Join(o.Dir, filepath.FromSlash(name)))
	check(o.t, err)
	return data
}

func (o *Org) write(path string, data []byte) {
	o.t.Helper()
	check(o.t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(o.t, os.WriteFile(path, data, 0o644))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
