package suite

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// fileProbes request one file in every way that a browser or a cache does.
func fileProbes(f File) []probe {
	probes := []probe{
		func(ctx context.Context, r *runner) []Check { return checkGet(ctx, r, f) },
		func(ctx context.Context, r *runner) []Check { return checkHead(ctx, r, f) },
		func(ctx context.Context, r *runner) []Check { return checkConditional(ctx, r, f) },
		func(ctx context.Context, r *runner) []Check { return checkCompression(ctx, r, f) },
	}
	if f.Size > 1 {
		probes = append(probes, func(ctx context.Context, r *runner) []Check { return checkRanges(ctx, r, f) })
	}
	return probes
}

// checkGet compares the bytes, the type and the headers of the file.
func checkGet(ctx context.Context, r *runner, f File) []Check {
	name := "GET " + f.URL
	a, err := r.ask(ctx, http.MethodGet, f.URL)
	if err != nil {
		return failed(name, err)
	}
	return slices.Concat([]Check{
		equal(name+": status", "200", strconv.Itoa(a.status)),
		sameBytes(name+": bytes", f.body(), a.body),
		equal(name+": Content-Type", f.Type, a.header.Get("Content-Type")),
		equal(name+": Content-Length", strconv.FormatInt(f.Size, 10), a.header.Get("Content-Length")),
		equal(name+": no Content-Encoding", "", a.header.Get("Content-Encoding")),
		present(name, a, "ETag"), present(name, a, "Last-Modified"),
	}, sameHeaders(name, f.Headers, a))
}

func sameBytes(name string, want, got body) Check {
	return Check{Name: name, Passed: want.sha256 == got.sha256, Expected: want.String(), Got: got.String()}
}

func present(name string, a answer, header string) Check {
	return Check{Name: name + ": has " + header, Passed: a.header.Get(header) != "", Expected: "any value", Got: a.header.Get(header)}
}

// sameHeaders compares each expected header, which must come once.
func sameHeaders(name string, want map[string]string, a answer) (checks []Check) {
	for _, h := range slices.Sorted(maps.Keys(want)) {
		checks = append(checks, equal(name+": "+h, want[h], strings.Join(a.header.Values(h), " | ")))
	}
	return checks
}

// checkHead expects the headers of GET without the body.
func checkHead(ctx context.Context, r *runner, f File) []Check {
	name := "HEAD " + f.URL
	a, err := r.ask(ctx, http.MethodHead, f.URL)
	if err != nil {
		return failed(name, err)
	}
	return []Check{
		equal(name+": status", "200", strconv.Itoa(a.status)),
		equal(name+": Content-Length", strconv.FormatInt(f.Size, 10), a.header.Get("Content-Length")),
		equal(name+": Content-Type", f.Type, a.header.Get("Content-Type")),
		equal(name+": no body", "0", strconv.FormatInt(a.body.size, 10)),
	}
}

// checkConditional requests the file as a cache does that has it.
func checkConditional(ctx context.Context, r *runner, f File) []Check {
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
		checks = append(checks, equal(name+": not modified for "+pair[0], "304, 0 bytes", fmt.Sprintf("%d, %d bytes", a.status, a.body.size)))
	}
	a, err := r.ask(ctx, http.MethodGet, f.URL, "If-None-Match", `"different"`)
	if err != nil {
		return append(checks, failed(name, err)...)
	}
	return append(checks, equal(name+": modified for If-None-Match", "200", strconv.Itoa(a.status)))
}

// checkRanges requests the second half of the file, and a range beyond its end.
func checkRanges(ctx context.Context, r *runner, f File) []Check {
	name := "GET " + f.URL
	from, total := f.Size/2, f.Size
	want, err := f.part(from, total-from)
	if err != nil {
		return failed(name, err)
	}
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
		sameBytes(name+": bytes of the range", want, part.body),
		equal(name+": range beyond the end", "416", strconv.Itoa(beyond.status)),
	}
}

// checkCompression requests the file with and without gzip; only a file with a .gz copy may
// come compressed.
func checkCompression(ctx context.Context, r *runner, f File) []Check {
	name := "GET " + f.URL
	a, err := r.ask(ctx, http.MethodGet, f.URL, "Accept-Encoding", "gzip")
	if err != nil {
		return failed(name, err)
	}
	uncompressed, err := r.ask(ctx, http.MethodGet, f.URL, "Accept-Encoding", "gzip;q=0")
	if err != nil {
		return failed(name, err)
	}
	want := ""
	if f.Gzip {
		want = "gzip"
	}
	checks := []Check{
		equal(name+": Content-Encoding for gzip", want, a.header.Get("Content-Encoding")),
		equal(name+": Content-Encoding for gzip;q=0", "", uncompressed.header.Get("Content-Encoding")),
		sameBytes(name+": bytes for gzip;q=0", f.body(), uncompressed.body),
	}
	if !f.Gzip {
		return checks
	}
	return append(checks,
		sameBytes(name+": bytes decompressed", f.body(), a.decoded),
		Check{Name: name + ": Vary", Passed: strings.Contains(a.header.Get("Vary"), "Accept-Encoding") &&
			strings.Contains(uncompressed.header.Get("Vary"), "Accept-Encoding"), Expected: "Accept-Encoding, compressed or not",
			Got: a.header.Get("Vary") + " and " + uncompressed.header.Get("Vary")})
}
