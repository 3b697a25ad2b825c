package source

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// File is a file that is laid in a source's tree. Its content is in no plan and no manifest:
// it may be a private key.
type File struct {
	Path   string `json:"path"`             // in the tree, as "certs/ours.pem"
	Mode   string `json:"mode"`             // "644", "755" if it is executable, "link", or "folder" for an empty folder
	SHA256 string `json:"sha256,omitempty"` // of the content, or of a link's target; "" of a folder
	Local  string `json:"-"`                // where it is on this machine
}

// The modes of files, in octal as git has them. Further bits depend on the umask of whoever
// made the file, and would make a different plan on every machine.
const (
	ModeFile    = "644"
	ModeProgram = "755"
	ModeLink    = "link"
	ModeFolder  = "folder"
)

// String returns the file in one line.
func (f File) String() string { return fmt.Sprintf("%s %s (%.12s)", f.Path, f.Mode, f.SHA256) }

// ReadFiles hashes the file at name, or all files of the folder there, which are to be laid at
// target in a source's tree. name is relative to dir unless it is absolute. A target that ends
// in "/" is the folder that a file is laid in. Links in a folder stay links.
func ReadFiles(dir, target, name string) ([]File, error) {
	local := name
	if !filepath.IsAbs(local) {
		local = filepath.Join(dir, local)
	}
	info, err := os.Stat(local)
	if err != nil {
		return nil, fmt.Errorf("files %q: %w", target, err)
	}
	if info.IsDir() {
		return readFolder(path.Clean(target), local)
	}
	if strings.HasSuffix(target, "/") {
		target += filepath.Base(local)
	}
	f, err := readFile(path.Clean(target), local, info)
	return []File{f}, err
}

// readFolder hashes all files of a folder.
func readFolder(target, dir string) (list []File, err error) {
	err = filepath.WalkDir(dir+string(filepath.Separator), func(local string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("files %q: %w", target, err)
		}
		rel, err := filepath.Rel(dir, local)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return addFolder(&list, path.Join(target, filepath.ToSlash(rel)), local)
		}
		info, err := entry.Info()
		if err != nil {
			return fmt.Errorf("files %q: %w", target, err)
		}
		f, err := readFile(path.Join(target, filepath.ToSlash(rel)), local, info)
		list = append(list, f)
		return err
	})
	return list, err
}

// addFolder adds a folder that is empty: any other comes with its files.
func addFolder(list *[]File, target, local string) error {
	entries, err := os.ReadDir(local)
	if err == nil && len(entries) == 0 {
		*list = append(*list, File{Path: target, Mode: ModeFolder, Local: local})
	}
	return err
}

// readFile hashes a file or link. Any other kind, and a name that a plan cannot hold, is an
// error.
func readFile(target, local string, info fs.FileInfo) (File, error) {
	f := File{Path: target, Mode: ModeFile, Local: local}
	if !utf8.ValidString(target) || strings.ContainsFunc(target, unicode.IsControl) {
		return f, fmt.Errorf("files: %q: expected a name in UTF-8 without control characters", target)
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		f.Mode = ModeLink
	case !info.Mode().IsRegular():
		return f, fmt.Errorf("files %q: %s is neither a file, a folder nor a link", target, local)
	case info.Mode()&0o111 != 0:
		f.Mode = ModeProgram
	}
	var err error
	if f.SHA256, err = f.Sum(); err != nil {
		err = fmt.Errorf("files %q: %w", target, err)
	}
	return f, err
}

// Sum returns the sha256 of the file as it is on this machine now, in hex.
func (f File) Sum() (string, error) {
	switch f.Mode {
	case ModeFolder:
		return "", nil
	case ModeLink:
		to, err := os.Readlink(f.Local)
		sum := sha256.Sum256([]byte(to))
		return hex.EncodeToString(sum[:]), err
	}
	return trust.HashFile(f.Local)
}
