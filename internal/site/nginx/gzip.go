package nginx

import (
	"strconv"
	"strings"
)

// pageSizes are the least and highest size of a page that Nginx makes.
const leastPage, mostPage = 90, 900

// gzip decides whether Nginx compresses the answer.
func (a *answer) gzip() {
	d := a.location.find("gzip")
	status := a.out.status
	if d == nil || d.Args[0] != "on" || a.out.encoded || status != 200 && status != 403 && status != 404 {
		return
	}
	if a.out.typeErr == nil && !a.location.hasType("gzip_types", strings.Split(a.out.contentType, "; charset=")[0]) || a.out.contentType == "" && a.out.typeErr == nil {
		return
	}
	least, doubt := a.minLength()
	low, high := a.out.length, a.out.length
	if a.out.generated {
		low, high = leastPage, mostPage
	}
	size, known := a.size()
	if known {
		low, high = size, size
	}
	listing := a.out.file == "" && a.out.length < 0 && !a.out.generated // sent in chunks, whatever its size
	switch {
	case !doubt && high >= 0 && high < least && !listing:
		return
	case doubt || a.out.typeErr != nil || low < least && !listing:
		a.doubtGzip(at(d, "gzip", "it depends on the size"))
		return
	}
	a.gzipVary = true
	accepts, err := a.acceptsGzip()
	if err != nil {
		a.doubtGzip(err)
	} else if accepts {
		a.out.add("Content-Encoding", "gzip", nil)
		a.gzipped = true
	}
}

// doubtGzip makes unknown what compression changes.
func (a *answer) doubtGzip(err error) {
	accepts, acceptErr := a.acceptsGzip()
	if a.location.is("gzip_vary", false) {
		a.unknown["Vary"] = err
	}
	if accepts || acceptErr != nil {
		a.unknown["Content-Encoding"], a.unknown["Accept-Ranges"], a.unknown["Etag"] = err, err, err
	}
}

func (a *answer) minLength() (least int, doubt bool) {
	least, err := strconv.Atoi(a.location.text("gzip_min_length", "20"))
	return least, err != nil
}

// Sizer is a Tree that knows the sizes of files, which decide whether Nginx compresses them.
type Sizer interface {
	// Size returns the size of a file in bytes, and whether it is known.
	Size(path string) (int64, bool)
}

// size returns the size of the file that is the body.
func (a *answer) size() (int, bool) {
	sizer, ok := a.tree.(Sizer)
	if !ok || a.out.file == "" {
		return 0, false
	}
	size, ok := sizer.Size(cleanPath(a.out.file))
	return int(size), ok
}

// ranges decides whether the answer offers ranges.
func (a *answer) ranges() {
	a.ranged = a.out.file != "" && a.out.status == 200 && !a.gzipped && a.location.text("max_ranges", "") != "0"
}
