package fetch

import (
	"archive/tar"
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/decompress"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// unpackSigned unpacks a tarball on this machine, whose sha256 was checked before, in the
// container, and meanwhile verifies the signature over the uncompressed tar. All files get
// the settled time. It returns the signer and the original time of the Makefile, in seconds
// since 1970.
func (k kernelOrg) unpackSigned(ctx context.Context, ctr *engine.Container, s signed) (by trust.Signer, modified int64, err error) {
	var refused error
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		by, modified, refused = s.verify()
		return refused
	})
	work.Go(func() error { return k.fetcher.untarLocal(ctx, ctr, s.tarball, s.archive(), settleMembers) })
	err = work.Wait()
	if refused != nil { // matters more than an error of the unpacking
		err = refused
	}
	return by, modified, err
}

// verify reads the tarball once: it verifies the tar's signature, checks that each member is
// below the top folder, and reads the time of the Makefile.
func (s signed) verify() (by trust.Signer, modified int64, err error) {
	f, err := os.Open(s.tarball)
	if err != nil {
		return by, 0, fault.Wrap(fault.Environment, err)
	}
	defer f.Close()
	unpacked, err := decompress.NewReader(f)
	if err != nil {
		return by, 0, trust.Refuse(trust.Altered, "", "unpack %s: %w", s.top, err)
	}
	defer unpacked.Close()
	reader, pipe := io.Pipe()
	members := make(chan error, 1)
	go func() {
		var err error
		modified, err = checkMembers(bufio.NewReaderSize(reader, pipeBuffer), s.top)
		reader.CloseWithError(err)
		members <- err
	}()
	writer := bufio.NewWriterSize(pipe, pipeBuffer)
	by, err = s.ring.Detached(io.TeeReader(unpacked, writer), s.signature)
	pipe.CloseWithError(cmp.Or(err, writer.Flush()))
	if bad := <-members; bad != nil && (err == nil || !errors.Is(bad, err)) {
		return by, modified, bad
	}
	return by, modified, err
}

// pipeBuffer is how many bytes go from one reader of a tar to the other at once: each time
// one waits for the other.
const pipeBuffer = 1 << 20

// checkMembers reads a tar to its end and refuses one with a member, or the target of a link,
// outside of the folder top. It returns the time of the Makefile in that folder, in seconds
// since 1970.
func checkMembers(r io.Reader, top string) (modified int64, err error) {
	in := tar.NewReader(r)
	for {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return modified, onlyZeros(r)
		}
		if err != nil {
			return modified, trust.Refuse(trust.Altered, "", "read the tar: %w", err)
		}
		if head.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if err := checkMember(head, top); err != nil {
			return modified, err
		}
		if head.Name == top+"/Makefile" {
			modified = head.ModTime.Unix()
		}
	}
}

func checkMember(head *tar.Header, top string) error {
	name := path.Clean(head.Name)
	inside := func(p string) bool { return p == top || strings.HasPrefix(p, top+"/") }
	switch {
	case !inside(name) || strings.Contains(head.Name, ".."):
		return trust.Refuse(trust.Altered, "", "the tar holds %q, which is not below %s/", head.Name, top)
	case head.Typeflag == tar.TypeSymlink && (path.IsAbs(head.Linkname) || !inside(path.Join(path.Dir(name), head.Linkname))),
		head.Typeflag == tar.TypeLink && !inside(path.Clean(head.Linkname)):
		return trust.Refuse(trust.Altered, "", "the tar holds a link from %q to %q, which is not below %s/", head.Name, head.Linkname, top)
	}
	switch head.Typeflag {
	case tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeLink:
		return nil
	}
	return trust.Refuse(trust.Altered, "", "the tar holds %q, which is not a file, folder or link", head.Name)
}

// onlyZeros checks that only zeros follow the end of a tar: they fill its last record.
func onlyZeros(r io.Reader) error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := r.Read(buffer)
		if strings.Trim(string(buffer[:n]), "\x00") != "" {
			return trust.Refuse(trust.Altered, "", "data follows the end of the tar")
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
