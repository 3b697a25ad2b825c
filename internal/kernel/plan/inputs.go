package plan

import (
	"fmt"
	"strings"
)

// Source is the kernel's source, by the digest of its content. URL, Tag and Time are not part of a
// plan's hash: they say where this content is found, and what follows from it.
type Source struct {
	Kind    string `json:"kind"` // as package source names it
	Version string `json:"version"`
	URL     string `json:"url"`              // where it is, or its path on the machine that made the plan
	SHA256  string `json:"sha256,omitempty"` // of the tarball or package, or over a folder's files
	Commit  string `json:"commit,omitempty"` // of a git source
	Tag     string `json:"tag,omitempty"`    // that named the commit
	// Time is that of the source's Makefile, as it was published, in seconds since 1970: the
	// build's SOURCE_DATE_EPOCH. 0 in a plan leaves it open until the source is fetched.
	Time int64 `json:"time,omitempty"`
}

// String describes the source in one line of a log.
func (s Source) String() string {
	return fmt.Sprintf("%s from %s (%.12s)", s.Version, s.Kind, s.SHA256+s.Commit)
}

// Patch is a change that is applied to the source, in order. Its name is not part of a plan's
// hash.
type Patch struct {
	Name   string `json:"name"` // its file's name
	SHA256 string `json:"sha256"`
}

// File is a file that is laid in the source's tree. Its content is in no plan and no manifest:
// it may be a private key.
type File struct {
	Path   string `json:"path"`             // in the tree, as "certs/ours.pem"
	Mode   string `json:"mode"`             // "644", "755" if it is executable, "link", or "folder" for an empty folder
	SHA256 string `json:"sha256,omitempty"` // of the content, or of a link's target; "" of a folder
}

// String returns the file in one line.
func (f File) String() string { return fmt.Sprintf("%s %s (%.12s)", f.Path, f.Mode, f.SHA256) }

// Item is one part of a configuration: a target of the kernel's own ("tinyconfig",
// "kvm_guest.config") or a fragment of options.
type Item struct {
	Target   string `json:"target,omitempty"`   // a target of the kernel's own Makefile, as "tinyconfig"
	Seed     string `json:"seed,omitempty"`     // of the target randconfig: KCONFIG_SEED
	Fragment string `json:"fragment,omitempty"` // its file, as kernels.toml names it: "config/micro.config"; or Inline
	Text     string `json:"text,omitempty"`     // of the fragment, see kconfig.Normalize
	// Places says where kernels.toml has each line of an inline fragment. It is not part of a
	// plan's hash.
	Places []string `json:"places,omitempty"`
	Local  string   `json:"-"` // where the fragment's file is on this machine
}

// Inline names the fragment of the options that are written in kernels.toml itself.
const Inline = "kernels.toml"

// Toolchain is what compiles, by its content: two images that hold the same are the same toolchain,
// whichever engine made them.
type Toolchain struct {
	Name     string    `json:"name"`     // of its image, as "arm64" or "llvm"
	CC       string    `json:"cc"`       // the compiler, as "aarch64-linux-gnu-gcc"
	LD       string    `json:"ld"`       // the linker
	Packages []string  `json:"packages"` // all that are installed, as NAME=VERSION, sorted
	Programs []Program `json:"programs"` // the compilers, assemblers, linkers, and Kiln's own, by path
}

// Program is a program of a toolchain.
type Program struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// Identity returns the sha256, in hex, of the packages and programs of a toolchain.
func (t Toolchain) Identity() string { return hash([]any{t.Packages, t.Programs}) }

// Series returns the first two numbers of a version: "6.12" of "6.12.118".
func Series(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	minor, _, _ := strings.Cut(parts[1], "-") // as in 6.12-rc3
	return parts[0] + "." + minor
}

// ConfigFile is the configuration in the output tree.
const ConfigFile = OutputDir + "/.config"

// FragmentPath returns the path in the container of the nth part of the configuration.
func FragmentPath(n int) string { return fmt.Sprintf("%s/%d.config", InputDir, n) }

// FileList is the file in the container that lists the paths of the plan's files, each ended
// by NUL.
const FileList = InputDir + "/files"
