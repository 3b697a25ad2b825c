package fetch

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// copyFiles hashes the names, types and contents of files other than folders, in hex, and
// writes all of them to out unless that is nil.
func copyFiles(files []folderFile, out *tarWriter) (sum string, err error) {
	hash := sha256.New()
	for _, f := range files {
		if !f.mode.IsDir() {
			fmt.Fprintf(hash, "%q %s\n", f.name, f.mode.Type())
		}
		if err := copyFile(hash, f, out); err != nil {
			return "", err
		}
	}
	if out != nil {
		err = out.close()
	}
	return hex.EncodeToString(hash.Sum(nil)), err
}

// copyFile hashes and writes one file.
func copyFile(hash io.Writer, f folderFile, out *tarWriter) error {
	switch {
	case f.mode.IsDir():
		return out.add(f, 0, nil)
	case f.mode&fs.ModeSymlink != 0:
		fmt.Fprintf(hash, "%q\n", f.link)
		return out.add(f, 0, nil)
	}
	in, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	content := sha256.New()
	body := io.TeeReader(in, content)
	if err := out.add(f, info.Size(), body); err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	if _, err := io.Copy(io.Discard, body); err != nil { // all of it without out, else nothing
		return err
	}
	fmt.Fprintf(hash, "%o %x\n", f.mode&0o111, content.Sum(nil))
	return nil
}

// tarWriter packs files as a tar, with the settled time. A nil one packs nothing.
type tarWriter struct {
	to       io.Writer
	progress *report.Progress
	out      *tar.Writer
	done     int64 // bytes
}

func (w *tarWriter) add(f folderFile, size int64, body io.Reader) error {
	if w == nil {
		return nil
	}
	if w.out == nil {
		w.out = tar.NewWriter(w.to)
	}
	head := &tar.Header{Name: f.name, Mode: int64(f.mode.Perm()), Size: size, Linkname: f.link, ModTime: time.Unix(settled, 0), Typeflag: tar.TypeReg}
	switch {
	case f.mode.IsDir():
		head.Typeflag, head.Name = tar.TypeDir, f.name+"/"
	case f.mode&fs.ModeSymlink != 0:
		head.Typeflag = tar.TypeSymlink
	}
	if err := w.out.WriteHeader(head); err != nil {
		return err
	}
	if body == nil {
		return nil
	}
	n, err := io.Copy(w.out, io.LimitReader(body, size))
	if err == nil && n < size {
		err = errors.New("it was changed while it was being read")
	}
	w.done += n
	w.progress.Set(w.done>>20, 0, "MiB")
	return err
}

func (w *tarWriter) close() error {
	if w.out == nil {
		w.out = tar.NewWriter(w.to)
	}
	return w.out.Close()
}

// errChanged is that a file or folder of the user's is not what it was when it was hashed: here, or
// where a plan was made.
func errChanged(path string) error {
	return fault.New(fault.Usage, "run it again; for a plan from a file, change its source.url to where the same source is",
		"read %s: its content is not that of the plan: it was changed meanwhile, or is a different one", path)
}
