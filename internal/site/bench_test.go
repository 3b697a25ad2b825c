package site_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/server"
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
	s := sitetest.Open(b, "load", sitetest.NoRegistry)
	client := wrkImage(b, s)
	image := sitetest.Build(b, s)
	ours := beside(b, s, client, sitetest.Serve(b, s))
	bare, compressing := beside(b, s, client, bareServer(b, s, image.Base, "")), beside(b, s, client, bareServer(b, s, image.Base, "gzip on; gzip_types text/html text/css;"))
	took := map[string][]float64{}
	measure := func(what string, at wrk, header ...string) {
		took[what] = append(took[what], 1000/at.requests(b, header...))
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
func bareServer(b *testing.B, s site.Site, root base.Image, gzip string) server.Server {
	b.Helper()
	dir := b.TempDir()
	if err := os.CopyFS(dir, s.Bundle.Layout()); err != nil {
		b.Fatal(err)
	}
	spec := s.Runner().Spec(root.Ref)
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
	running, err := s.Runner().Await(b.Context(), ctr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { running.Remove() })
	return running
}

func move(b *testing.B, ctr *engine.Container, from, to string) error {
	return ctr.Exec(b.Context(), engine.Command{Argv: []string{"mv", from, to}, User: "0:0"})
}

// wrkDockerfile has the load generator that the benchmark uses.
const wrkDockerfile = `ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends wrk && rm -rf /var/lib/apt/lists/*
CMD ["sleep", "infinity"]
`

// wrkImage builds the image with wrk, unless the engine has it.
func wrkImage(b *testing.B, s site.Site) string {
	b.Helper()
	root, err := base.Provider{Engine: s.Engine, Console: s.Console, Environ: s.Environ}.Get(b.Context(), "debian:trixie-slim")
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(wrkDockerfile), 0o644); err != nil {
		b.Fatal(err)
	}
	image, err := s.Engine.Build(b.Context(), engine.Build{Kind: "test", Context: dir, Tags: []string{"kiln/test:wrk"}, Args: map[string]string{"BASE": root.Ref}}, s.Console)
	if err != nil {
		b.Fatal(err)
	}
	return image
}

// wrk is a load generator in the network of a server: no port and no proxy is between them.
type wrk struct {
	*engine.Container
	url string
}

// beside starts a load generator beside a server.
func beside(b *testing.B, s site.Site, image string, running server.Server) wrk {
	b.Helper()
	ctr, err := s.Engine.Run(b.Context(), engine.Spec{Image: image, Kind: "test", Beside: running.Container})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ctr.Remove() })
	return wrk{ctr, running.URL.JoinPath("index.html").String()}
}

// perSecond is the last line of wrk.
var perSecond = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)

// requests returns how many requests the server answers in a second.
func (w wrk) requests(b *testing.B, header ...string) float64 {
	b.Helper()
	argv := append([]string{"wrk", "--threads", "1", "--connections", "32", "--duration", "3s"}, header...)
	out, err := w.Output(b.Context(), engine.Command{Argv: append(argv, w.url)})
	found := perSecond.FindStringSubmatch(out)
	if err != nil || found == nil || strings.Contains(out, "Non-2xx") {
		b.Fatalf("wrk: %v\n%s", err, out)
	}
	n, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		b.Fatal(err)
	}
	os.Stderr.WriteString("measured " + w.url + " " + strings.Join(header, " ") + ": " + found[1] + " requests a second\n")
	return n
}
