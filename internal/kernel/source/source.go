// Package source names kernel sources: which one a Ref means, which patches are applied
// to it, and which volume of the engine holds it. It fetches nothing; package fetch does.
package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
)

// The kinds of source.
const (
	KernelOrg = "kernel.org"
	Debian    = "debian"
	Git       = "git"
	Folder    = "folder"
	Tarball   = "tarball"
)

// Ref identifies one source exactly: enough to fetch it and to distinguish it from every
// other.
type Ref struct {
	Kind    string          `json:"kind"`
	Version release.Version `json:"version"`
	URL     string          `json:"url"`              // where it is, or its path on this machine
	SHA256  string          `json:"sha256,omitempty"` // of the tarball or package, or over a folder's files
	Commit  string          `json:"commit,omitempty"` // of a git source
	Tag     string          `json:"tag,omitempty"`    // that named the commit
}

// NoSignature is the status of an unsigned source.
const NoSignature = "none"

// Signature is what is known about who made a source.
type Signature struct {
	Status string `json:"status"` // a trust.State, or NoSignature
	Signer string `json:"signer"` // who vouches for it
}

// Tree is a source that is unpacked in a volume.
type Tree struct {
	Ref
	Signature Signature `json:"signature"`
	Time      int64     `json:"time"` // of the source's Makefile, as it was published, in seconds since 1970; 0 for a folder
	Volume    string    `json:"-"`
}

// String describes the source in one line of a log.
func (r Ref) String() string {
	sum := r.SHA256 + r.Commit
	return fmt.Sprintf("%s from %s (%.12s)", r.Version, r.Kind, sum)
}

// Plan returns the source as a plan has it.
func (r Ref) Plan() plan.Source {
	return plan.Source{Kind: r.Kind, Version: r.Version.String(), URL: r.URL, SHA256: r.SHA256, Commit: r.Commit, Tag: r.Tag}
}

// Volume returns the name of the volume that holds a source with its patches and files. It
// does not depend on where a folder or tarball is on this machine: its content is the same
// there.
func Volume(ref Ref, patches []Patch, files ...File) string {
	if ref.Kind == Folder || ref.Kind == Tarball {
		ref.URL = ""
	}
	what := []any{ref, patches}
	if len(files) > 0 {
		what = append(what, files)
	}
	text, _ := json.Marshal(what) // plain values: cannot fail
	sum := sha256.Sum256(text)
	return "kiln-source-" + ref.Version.String() + "-" + hex.EncodeToString(sum[:6])
}
