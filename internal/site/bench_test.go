package site_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// loadRuns is how often each side is measured, in turn.
const loadRuns = 5

// bareConf serves a folder with Nginx, without anything that Kiln's configuration adds.
const bareConf = `worker_processes 2;
pid /tmp/nginx.pid;
events { worker_connections 9000; }
http {
    include /etc/nginx/mime.types;
    client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
    access_log /dev/stdout;
    sendfile on;
    GZIP
    server { listen 8080; root /srv/site; location = /healthz { return 200; } }
}
`

// BenchmarkLoad requests the front page of the shipped site, as fast as wrk can, and of the
// same files on the same base with a bare configuration: plain, and with gzip, which the
// bare one compresses for each answer. Seconds are those of a thousand requests.
func BenchmarkLoad(b *testing.B) {
	if _, err := exec.LookPath("wrk"); err != nil {
		b.Skipf("LEFT OUT: wrk is not installed: %v", err)
	}
	s := sitetest.Open(b, "load", sitetest.NoRegistry)
	image := sitetest.Build(b, s)
	ours := sitetest.Serve(b, s).URL.String()
	bare, compressing := bareServer(b, s, image.Base, ""), bareServer(b, s, image.Base, "gzip on; gzip_types text/html text/css;")
	took := map[string][]float64{}
	measure := func(what, at string, header ...string) {
		took[what] = append(took[what], 1000/requests(b, at+"/index.html", header...))
	}
	for b.Loop() {
		for range loadRuns {
			measure("bare", bare)
			measure("ours", ours)
			measure("compressing", compressing, "-H", "Accept-Encoding: gzip")
			measure("compressed", ours, "-H", "Accept-Encoding: gzip")
		}
	}
	for _, row := range []struct {
		name, ours, theirs string
		bound              float64
	}{{"Plain", "ours", "bare", 1 / 0.97}, {"Gzip", "compressed", "compressing", 1}} {
		b.Run(row.name, func(b *testing.B) {
			for b.Loop() {
			}
			b.ReportMetric(median(took[row.ours]), "ours-s")
			b.ReportMetric(median(took[row.theirs]), "theirs-s")
			b.ReportMetric(row.bound, "bound")
			b.ReportMetric(loadRuns, "runs")
		})
	}
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// bareServer serves the site's files with the bare configuration, and the same limits.
func bareServer(b *testing.B, s site.Site, root base.Image, gzip string) string {
	b.Helper()
	dir := b.TempDir()
	if err := os.CopyFS(dir, s.Bundle.Layout()); err != nil {
		b.Fatal(err)
	}
	spec := s.Runner().Spec(root.Ref, 0)
	spec.Hardened = false // its files are put in once it runs
	spec.Command = []string{"sh", "-c", "while ! nginx -c /srv/bare.conf -e /dev/stderr -g 'daemon off;'; do sleep 0.1; done"}
	ctr, err := s.Engine.Run(b.Context(), spec)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ctr.Remove() })
	if err := ctr.PutFolder(b.Context(), "/srv", dir); err != nil {
		b.Fatal(err)
	}
	if err := move(b, ctr, "/srv/content", "/srv/site"); err != nil {
		b.Fatal(err)
	}
	text := strings.Replace(bareConf, "GZIP", gzip, 1)
	file := engine.File{Name: "bare.conf", Mode: 0o644, Size: int64(len(text)), Body: strings.NewReader(text)}
	if err := ctr.Put(b.Context(), "/srv", file); err != nil {
		b.Fatal(err)
	}
	at, err := s.Runner().Await(b.Context(), ctr)
	if err != nil {
		b.Fatal(err)
	}
	return at.String()
}

func move(b *testing.B, ctr *engine.Container, from, to string) error {
	return ctr.Exec(b.Context(), engine.Command{Argv: []string{"mv", from, to}, User: "0:0"})
}

// perSecond is the last line of wrk.
var perSecond = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)

// requests returns how many requests a server answers in a second.
func requests(b *testing.B, url string, header ...string) float64 {
	b.Helper()
	argv := append([]string{"--threads", "1", "--connections", "32", "--duration", "3s"}, header...)
	out, err := exec.CommandContext(b.Context(), "wrk", append(argv, url)...).CombinedOutput()
	found := perSecond.FindSubmatch(out)
	if err != nil || found == nil || strings.Contains(string(out), "Non-2xx") {
		b.Fatalf("wrk: %v\n%s", err, out)
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	os.Stderr.WriteString("measured " + url + " " + strings.Join(header, " ") + ": " + string(found[1]) + " requests a second\n")
	return n
}
