package suite

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// sampleLimit is the number of files up to which every file is asked for in all ways. Where
// there are more, sampleSize files of each kind are; all are compared byte for byte.
const (
	sampleLimit = 250
	sampleSize  = 8
)

// fileProbes request every file, and those of the sample in every way that a browser or a
// cache does.
func fileProbes(r *runner, e Expectation) (probes []probe) {
	seen, sampled := map[string]int{}, 0
	for _, f := range e.Files {
		if f.URL == "" {
			r.note("%s is below no root of nginx.conf: no request for it is made", f.Path)
			continue
		}
		kind := fmt.Sprint(path.Ext(f.URL), f.Gzip)
		seen[kind]++
		inSample := len(e.Files) <= sampleLimit || seen[kind] <= sampleSize
		if inSample {
			sampled++
		}
		probes = append(probes, func(ctx context.Context, r *runner) { checkFile(ctx, r, f, inSample) })
	}
	if sampled < len(probes) {
		r.note("HEAD, validators, ranges and headers: %d of %d files, %d of each kind, were checked one by one; the bytes of all were compared", sampled, len(probes), sampleSize)
	}
	return probes
}

// checkFile requests a file, in all ways or for its bytes alone.
func checkFile(ctx context.Context, r *runner, f File, inAllWays bool) {
	r.brief = !inAllWays
	x, ok := r.judge(ctx, "GET "+f.URL, http.MethodGet, f.URL)
	if !ok {
		return
	}
	r.brief, r.fetched = true, x.got // what follows asks for the same file
	if !inAllWays {
		if f.Gzip {
			r.judge(ctx, x.name+" for gzip", http.MethodGet, f.URL, "Accept-Encoding", "gzip")
		}
		return
	}
	checkCompression(ctx, r, f, x)
	sameForHead := checkHead(ctx, r, f, x)
	checkValidators(ctx, r, f, x)
	checkModified(ctx, r, f, x, sameForHead)
	checkRanges(ctx, r, f, x)
}

// checkHead expects the headers of GET without the body. It reports whether the status is the
// same.
func checkHead(ctx context.Context, r *runner, f File, get exchange) (same bool) {
	x, ok := r.judge(ctx, "HEAD "+f.URL, http.MethodHead, f.URL)
	if !ok {
		return false
	}
	if x.want.Status != get.want.Status {
		return false // the configuration tells HEAD from GET
	}
	list := []Check{equal(Invariant, x.name+": status of GET", strconv.Itoa(get.got.status), strconv.Itoa(x.got.status))}
	for _, h := range []string{"Content-Type", "Content-Length", "ETag", "Last-Modified"} {
		list = append(list, equal(Invariant, x.name+": "+h+" of GET", get.got.header.Get(h), x.got.header.Get(h)))
	}
	r.invariant(x, "status", list...)
	return x.got.status == get.got.status
}

// checkValidators requests the file as a cache does that has it: with the validators that
// the server has given (RFC 9110, section 13).
func checkValidators(ctx context.Context, r *runner, f File, get exchange) {
	if get.got.status != http.StatusOK {
		return
	}
	for _, pair := range [][2]string{{"If-None-Match", "ETag"}, {"If-Modified-Since", "Last-Modified"}} {
		value := get.got.header.Get(pair[1])
		if value == "" {
			continue
		}
		name := get.name + ": not modified for " + pair[0]
		a, err := r.ask(ctx, http.MethodGet, f.URL, pair[0], value)
		if err != nil {
			r.check(noAnswer(name, err))
			continue
		}
		want := "304, 0 bytes"
		if pair[0] == "If-Modified-Since" && r.site.IgnoresDates {
			want = fmt.Sprintf("200, %d bytes", get.got.body.size)
		}
		r.invariant(get, "status", equal(Invariant, name, want, fmt.Sprintf("%d, %d bytes", a.status, a.body.size)))
	}
}

// checkModified requests the file as a cache does that has an older one. Of a large file it
// asks for the headers alone, where they are those of GET.
func checkModified(ctx context.Context, r *runner, f File, get exchange, sameForHead bool) {
	if get.got.status != http.StatusOK || get.got.header.Get("ETag") == "" {
		return
	}
	method := http.MethodGet
	if sameForHead && f.Size > partSize {
		method = http.MethodHead
	}
	name := get.name + ": modified for If-None-Match"
	a, err := r.ask(ctx, method, f.URL, "If-None-Match", `"different"`)
	if err != nil {
		r.check(noAnswer(name, err))
		return
	}
	r.invariant(get, "status", equal(Invariant, name, "200", strconv.Itoa(a.status)))
}

// partSize bounds the part of a file that is requested as a range, in bytes.
const partSize = 1 << 20

// checkRanges requests the end of a file whose answer offers ranges, and a range
// beyond its end (RFC 9110, section 14).
func checkRanges(ctx context.Context, r *runner, f File, get exchange) {
	total := get.got.body.size
	whole := get.got.status == http.StatusOK && get.got.body.sha256 == f.SHA256
	if !whole || total < 2 || get.got.header.Get("Accept-Ranges") != "bytes" {
		return
	}
	from := max(total/2, total-partSize)
	want, err := f.part(from, total-from)
	if err != nil {
		r.check(noAnswer(get.name+": range", err))
		return
	}
	part, err := r.ask(ctx, http.MethodGet, f.URL, "Range", fmt.Sprintf("bytes=%d-", from))
	if err != nil {
		r.check(noAnswer(get.name+": range", err))
		return
	}
	beyond, err := r.ask(ctx, http.MethodGet, f.URL, "Range", fmt.Sprintf("bytes=%d-", total))
	if err != nil {
		r.check(noAnswer(get.name+": range", err))
		return
	}
	r.invariant(get, "status",
		equal(Invariant, get.name+": range", "206", strconv.Itoa(part.status)),
		equal(Invariant, get.name+": Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, total-1, total), part.header.Get("Content-Range")),
		same(Invariant, get.name+": bytes of the range", want, part.body),
		equal(Invariant, get.name+": range beyond the end", "416", strconv.Itoa(beyond.status)),
	)
}

// contentRange returns the values of Content-Range.
func contentRange(a answer) (from, to, total int64, ok bool) {
	_, err := fmt.Sscanf(a.header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &total)
	return from, to, total, err == nil
}

// checkCompression requests the file with gzip, and with gzip refused. Decoded, both have the
// bytes of the file, and caches are told where they differ.
func checkCompression(ctx context.Context, r *runner, f File, get exchange) {
	packed, ok := r.judge(ctx, get.name+" for gzip", http.MethodGet, f.URL, "Accept-Encoding", "gzip")
	if !ok {
		return
	}
	encoding := packed.got.header.Get("Content-Encoding")
	if !f.Gzip && encoding == "" {
		return
	}
	plain, ok := r.judge(ctx, get.name+" for gzip;q=0", http.MethodGet, f.URL, "Accept-Encoding", "gzip;q=0")
	if !ok {
		return
	}
	if encoding == plain.got.header.Get("Content-Encoding") {
		return // nothing depends on what the client accepts
	}
	vary := strings.ToLower(strings.Join(append(packed.got.header.Values("Vary"), plain.got.header.Values("Vary")...), ", "))
	if !strings.Contains(vary, "accept-encoding") {
		r.note("%s: compressed or not, without Vary: a shared cache may give the wrong one to a client (gzip_vary on)", get.name)
	}
}
