package suite

import (
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

// index finds the site's files by what an answer has.
type index struct {
	Expectation
	byPath map[string]File
	bySum  map[string]bool
	bySize map[int64][]File
}

func newIndex(e Expectation) *index {
	i := &index{Expectation: e, byPath: map[string]File{}, bySum: map[string]bool{}, bySize: map[int64][]File{}}
	for _, f := range e.Files {
		i.byPath[f.Path], i.bySum[f.SHA256] = f, true
		i.bySize[f.Size] = append(i.bySize[f.Size], f)
	}
	return i
}

// contentOf returns the body that is predicted; ok is false where none is, or the file is
// not one of the site. The copy in gzip of a file stands for the file.
func (i *index) contentOf(p nginx.Prediction) (b body, ok bool) {
	if p.Text != nil {
		return bodyOf(*p.Text), true
	}
	f, ok := i.byPath[p.File]
	if original, packed := strings.CutSuffix(p.File, ".gz"); packed && !ok {
		f, ok = i.byPath[original]
		ok = ok && f.Gzip
	}
	return f.body(), ok
}

// holds reports whether an answer has a file of the site, encoded or not, or a page that
// nginx generates itself.
func (i *index) holds(a answer) bool {
	return i.bySum[a.body.sha256] || i.bySum[a.decoded.sha256] || isBuiltIn(a.decoded)
}

// builtInLimit bounds the pages that nginx generates itself, in bytes.
const builtInLimit = 1024

// isBuiltIn reports whether a body may be a page that nginx generates itself.
func isBuiltIn(b body) bool {
	head := string(b.head)
	return b.size <= builtInLimit && strings.HasPrefix(head, "<html>") && strings.Contains(head, "<hr><center>nginx")
}

// holdsPart reports whether an answer is the part of a file that its Content-Range names.
func (i *index) holdsPart(a answer) bool {
	from, to, total, ok := contentRange(a)
	if !ok {
		return false
	}
	for _, f := range i.bySize[total] {
		if part, err := f.part(from, to-from+1); err == nil && part.sha256 == a.body.sha256 {
			return true
		}
	}
	return false
}
