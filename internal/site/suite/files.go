package suite

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// aboutFile asks for one file in every way that a browser or a cache does.
func aboutFile(f File) []question {
	questions := []question{
		func(ctx context.Context, r *runner) []Check { return plainly(ctx, r, f) },
		func(ctx context.Context, r *runner) []Check { return headOnly(ctx, r, f) },
		func(ctx context.Context, r *runner) []Check { return conditionally(ctx, r, f) },
		func(ctx context.Context, r *runner) []Check { return compressed(ctx, r, f) },
	}
	if len(f.Body) > 1 {
		questions = append(questions, func(ctx context.Context, r *runner) []Check { return inRanges(ctx, r, f) })
	}
	return questions
}

// plainly asks for the file, and compares its bytes, type and headers.
func plainly(ctx context.Context, r *runner, f File) []Check {
	name := "GET " + f.URL
	a, err := r.ask(ctx, http.MethodGet, f.URL)
	if err != nil {
		return failed(name, err)
	}
	return slices.Concat([]Check{
		equal(name+": status", "200", strconv.Itoa(a.status)),
		sameBytes(name+": bytes", f.Body, a.body),
		equal(name+": Content-Type", f.Type, a.header.Get("Content-Type")),
		equal(name+": Content-Length", strconv.Itoa(len(f.Body)), a.header.Get("Content-Length")),
		equal(name+": no Content-Encoding", "", a.header.Get("Content-Encoding")),
		present(name, a, "ETag"), present(name, a, "Last-Modified"),
	}, sameHeaders(name, f.Headers, a))
}

func sameBytes(name string, want, got []byte) Check {
	return Check{Name: name, Passed: bytes.Equal(want, got), Expected: size(want), Got: size(got)}
}

func present(name string, a answer, header string) Check {
	return Check{Name: name + ": has " + header, Passed: a.header.Get(header) != "", Expected: "any value", Got: a.header.Get(header)}
}

// sameHeaders compares each expected header, and that it comes once.
func sameHeaders(name string, want map[string]string, a answer) (checks []Check) {
	for _, h := range slices.Sorted(maps.Keys(want)) {
		checks = append(checks, equal(name+": "+h, want[h], strings.Join(a.header.Values(h), " | ")))
	}
	return checks
}

// headOnly wants the headers of GET without the body.
func headOnly(ctx context.Context, r *runner, f File) []Check {
	name := "HEAD " + f.URL
	a, err := r.ask(ctx, http.MethodHead, f.URL)
	if err != nil {
		return failed(name, err)
	}
	return []Check{
		equal(name+": status", "200", strconv.Itoa(a.status)),
		equal(name+": Content-Length", strconv.Itoa(len(f.Body)), a.header.Get("Content-Length")),
		equal(name+": Content-Type", f.Type, a.header.Get("Content-Type")),
		equal(name+": no body", "0", strconv.Itoa(len(a.body))),
	}
}

// conditionally asks as a cache does that has the file already.
func conditionally(ctx context.Context, r *runner, f File) []Check {
	name := "GET " + f.URL
	first, err := r.ask(ctx, http.MethodHead, f.URL)
	if err != nil {
		return failed(name, err)
	}
	var checks []Check
	for _, pair := range [][2]string{{"If-None-Match", "ETag"}, {"If-Modified-Since", "Last-Modified"}} {
		a, err := r.ask(ctx, http.MethodGet, f.URL, pair[0], first.header.Get(pair[1]))
		if err != nil {
			return append(checks, failed(name, err)...)
		}
		checks = append(checks, equal(name+": unchanged by "+pair[0], "304, 0 bytes", fmt.Sprintf("%d, %d bytes", a.status, len(a.body))))
	}
	a, err := r.ask(ctx, http.MethodGet, f.URL, "If-None-Match", `"another"`)
	if err != nil {
		return append(checks, failed(name, err)...)
	}
	return append(checks, equal(name+": changed by If-None-Match", "200", strconv.Itoa(a.status)))
}

// inRanges asks for the file's second half, and for what lies behind its end.
func inRanges(ctx context.Context, r *runner, f File) []Check {
	name := "GET " + f.URL
	from, total := len(f.Body)/2, len(f.Body)
	part, err := r.ask(ctx, http.MethodGet, f.URL, "Range", fmt.Sprintf("bytes=%d-", from))
	if err != nil {
		return failed(name, err)
	}
	beyond, err := r.ask(ctx, http.MethodGet, f.URL, "Range", fmt.Sprintf("bytes=%d-", total))
	if err != nil {
		return failed(name, err)
	}
	return []Check{
		equal(name+": range", "206", strconv.Itoa(part.status)),
		equal(name+": Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, total-1, total), part.header.Get("Content-Range")),
		sameBytes(name+": range's bytes", f.Body[from:], part.body),
		equal(name+": range behind the end", "416", strconv.Itoa(beyond.status)),
	}
}

// compressed asks with and without gzip; only what has a .gz may come packed.
func compressed(ctx context.Context, r *runner, f File) []Check {
	name := "GET " + f.URL
	a, err := r.ask(ctx, http.MethodGet, f.URL, "Accept-Encoding", "gzip")
	if err != nil {
		return failed(name, err)
	}
	refused, err := r.ask(ctx, http.MethodGet, f.URL, "Accept-Encoding", "gzip;q=0")
	if err != nil {
		return failed(name, err)
	}
	want := ""
	if f.Gzip {
		want = "gzip"
	}
	checks := []Check{
		equal(name+": Content-Encoding for gzip", want, a.header.Get("Content-Encoding")),
		equal(name+": Content-Encoding for gzip;q=0", "", refused.header.Get("Content-Encoding")),
		sameBytes(name+": bytes for gzip;q=0", f.Body, refused.body),
	}
	if !f.Gzip {
		return checks
	}
	return append(checks,
		sameBytes(name+": bytes unpacked", f.Body, unpack(a.body)),
		Check{Name: name + ": Vary", Passed: strings.Contains(a.header.Get("Vary"), "Accept-Encoding") &&
			strings.Contains(refused.header.Get("Vary"), "Accept-Encoding"), Expected: "Accept-Encoding, packed or not",
			Got: a.header.Get("Vary") + " and " + refused.header.Get("Vary")})
}

// unpack gives what is in a gzip stream, or the stream itself if it is none.
func unpack(packed []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return packed
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return packed
	}
	return body
}
