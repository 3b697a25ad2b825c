package site_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// generated are the outputs of site generators: their names of files, as their documentation
// and sites have them.
var generated = map[string]string{
	"hugo": `index.html index.xml sitemap.xml robots.txt 404.html css/main.min.3f786850e387550fdab836ed7e6dc881de23001b3f786850e387550fdab836ed.css
		posts/index.html posts/hello-world/index.html posts/hello-world/IMG_0001.JPG posts/größe/index.html page/1/index.html
		tags/c++/index.html tags/c++/index.xml tags/.net/index.html categories/index.html`,
	"jekyll": `index.html feed.xml sitemap.xml robots.txt CNAME 404.html assets/main.css assets/main.css.map 2024/01/02/welcome-to-jekyll.html
		about/index.html assets/minima-social-icons.svg .jekyll-cache/x LICENSE`,
	"mkdocs": `index.html 404.html sitemap.xml sitemap.xml.gz search/search_index.json objects.inv .nojekyll user-guide/index.html
		assets/javascripts/bundle.56dfad97.min.js assets/javascripts/bundle.56dfad97.min.js.map assets/stylesheets/main.0253249f.min.css assets/images/favicon.png`,
	"sphinx": `index.html genindex.html py-modindex.html objects.inv searchindex.js .buildinfo .doctrees/index.doctree _sources/index.rst.txt _modules/index.html
		_static/pygments.css _static/fonts/Lato/lato-bold.woff2 _static/file.png _images/graphviz-0a1b2c3d4e5f60718293a4b5c6d7e8f901234567.png
		_images/math/0a1b2c.png _downloads/0a1b2c3d4e5f6071/Paper.PDF`,
	"docusaurus": `index.html 404.html sitemap.xml opensearch.xml .nojekyll assets/js/runtime~main.0f5d2b0c.js assets/js/main.a1b2c3d4.js assets/js/main.a1b2c3d4.js.LICENSE.txt
		assets/css/styles.1a2b3c4d.css docs/intro/index.html docs/category/tutorial---basics/index.html blog/rss.xml blog/atom.xml blog/tags/hello/index.html img/favicon.ico
		assets/images/docsVersionDropdown-35e13cbe46c9923327f30a76a90bff3b.png`,
	"next": `index.html index.txt 404.html 404/index.html about.html about.txt favicon.ico posts/[id]/index.html posts/[...slug].html
		_next/static/chunks/app/posts/[slug]/page-0a1b2c3d4e5f6071.js _next/static/chunks/app/(marketing)/layout-9f8e7d6c5b4a3921.js _next/static/chunks/app/@modal/page-0a1b2c3d4e5f6071.js
		_next/static/chunks/webpack-4b5c6d7e8f901234.js _next/static/media/e4af272ccee01ff0-s.p.woff2 _next/static/Xy_9-zQwErTy1234/_buildManifest.js _next/static/css/0a1b2c3d4e5f6071.css
		__next._tree.txt about/__next.about.__PAGE__.txt`,
	"gatsby": `index.html 404.html 404/index.html page-data/index/page-data.json page-data/app-data.json page-data/sq/d/1234567890.json chunk-map.json webpack.stats.json
		webpack-runtime-0123456789abcdef0123.js app-0123456789abcdef0123.js component---src-pages-index-tsx-0a1b2c3d4e5f60718293.js component---src-pages-index-tsx-0a1b2c3d4e5f60718293.js.map
		styles.0a1b2c3d4e5f60718293.css manifest.webmanifest static/logo-0a1b2c3d4e5f60718293a4b5c6d7e8f9.svg ~partytown/partytown.js icons/icon-48x48.png`,
	"mdbook": `index.html print.html 404.html toc.html chapter_1.html .nojekyll book-1a2b3c4d.js css/general-2b3c4d5e.css FontAwesome/fonts/fontawesome-webfont.woff2
		searchindex-3c4d5e6f.js fonts/OPEN-SANS-LICENSE.txt favicon-de23e50b.svg ferris-1.0/what's-new.html clipboard-1626706a.min.js`,
	"pelican": `index.html archives.html author/jane-doe.html category/misc.html tag/c.html feeds/all.atom.xml feeds/misc.atom.xml theme/css/main.css theme/images/icons/rss.png
		drafts/unfinished.html images/Screenshot_(1).png`,
	"hexo": `index.html archives/2024/01/index.html 2024/01/02/Hello-World/index.html tags/C/index.html tags/c/index.html categories/前端/index.html css/style.css js/script.js
		fancybox/jquery.fancybox.min.css atom.xml search.xml images/avatar.GIF`,
	"astro": `index.html 404.html rss.xml sitemap-index.xml sitemap-0.xml favicon.svg _astro/index.B3kq9xZ1.css _astro/hoisted.DmR2_x3-.js _astro/photo.CJ8x9_Zt_1A2b3C.webp
		posts/first-post/index.html pagefind/pagefind.js pagefind/fragment/en_1a2b3c4.pf_fragment pagefind/wasm.en.pagefind .well-known/security.txt`,
	"vitepress": `index.html 404.html hashmap.json vp-icons.css assets/app.BzR2aX1-.js assets/chunks/framework.Df3kq9x_.js assets/guide_what-is.md.C-a1B2c3.js assets/guide_what-is.md.C-a1B2c3.lean.js
		assets/inter-roman-latin.Di8DUHzh.woff2 guide/what-is.html api/v1.2/index.html`,
	"vite": `index.html assets/index-B3kq9xZ1.css assets/index-DiwrgTda.js assets/logo-DyVmAx-_.svg manifest.webmanifest sw.js workbox-0a1b2c3d.js vite.svg .vite/manifest.json`,
}

// fixture writes the output of a generator into a folder: pages that name the others, and
// files of other kinds that only look like them.
func fixture(t *testing.T, s site.Site, folder, list string) {
	t.Helper()
	names := strings.Fields(list)
	for i, name := range names {
		text := strings.Repeat(fmt.Sprintf("<a href=%q>%d</a>\n", name, i), 1+i*20)
		switch ext := strings.ToLower(path.Ext(name)); ext {
		case ".png", ".jpg", ".gif", ".webp", ".woff2", ".pf_fragment", ".pagefind", ".pdf", ".inv", ".ico":
			noise := make([]byte, 500+i*100)
			rand.NewChaCha8([32]byte{byte(i)}).Read(noise)
			text = string(noise)
		case ".gz":
			original, err := os.ReadFile(filepath.Join(s.Dir, "content", folder, strings.TrimSuffix(name, ext)))
			if err != nil {
				t.Fatal(err)
			}
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			w.Write(original)
			w.Close()
			text = packed.String()
		}
		sitetest.Write(t, s, "content/"+folder+"/"+name, text)
	}
}

// TestGenerators verifies an image with the output of a dozen site generators, as they write
// it, and of three that run now. No nginx.conf of theirs is needed.
func TestGenerators(t *testing.T) {
	s := sitetest.Open(t, "generators", sitetest.NoRegistry)
	for generator, list := range generated {
		fixture(t, s, generator, list)
	}
	t.Run("npm", func(t *testing.T) { generate(t, s) })
	v := verified(t, s)
	for _, url := range []string{
		"/hugo/tags/c++/", "/next/posts/%5Bid%5D/index.html", "/mkdocs/sitemap.xml.gz", "/astro/.well-known/security.txt", "/sphinx/_downloads/0a1b2c3d4e5f6071/Paper.PDF",
		"/hexo/categories/%E5%89%8D%E7%AB%AF/index.html", "/mdbook/ferris-1.0/what%27s-new.html",
	} {
		asked := false
		for _, c := range v.Checks {
			asked = asked || strings.Contains(c.Name, url)
		}
		if !asked {
			t.Errorf("nobody asked for %s", url)
		}
	}
}

// generators are the packages that generate runs, with their versions.
var generators = []string{"vite@8.3.8", "@11ty/eleventy@3.1.8", "esbuild@0.28.2"}

// npmTimeout bounds what npm does.
const npmTimeout = 3 * time.Minute

// generate runs generators on small projects, and writes their output into the site.
func generate(t *testing.T, s site.Site) {
	if _, err := exec.LookPath("npm"); err != nil {
		enginetest.Unavailable(t, "npm is not installed (go tool mage test installs it): %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), npmTimeout)
	defer cancel()
	dir := t.TempDir()
	run := func(argv ...string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Dir, cmd.WaitDelay = dir, time.Second
		return cmd.CombinedOutput()
	}
	if out, err := run(append([]string{"npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"}, generators...)...); err != nil {
		enginetest.Unavailable(t, "npm install: %v\n%s", err, out)
	}
	if err := os.CopyFS(dir, os.DirFS("testdata/generators")); err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(s.Dir, "content")
	for _, argv := range [][]string{
		{"vite", "build", "app", "--base", "/real-vite/", "--emptyOutDir", "--outDir", filepath.Join(public, "real-vite")},
		{"eleventy", "--input=pages", "--output=" + filepath.Join(public, "real-eleventy")},
		{"esbuild", "app/main.js", "--bundle", "--splitting", "--format=esm", "--sourcemap", "--entry-names=[name]-[hash]", "--outdir=" + filepath.Join(public, "real-esbuild")},
	} {
		if out, err := run(append([]string{filepath.Join("node_modules", ".bin", argv[0])}, argv[1:]...)...); err != nil {
			t.Errorf("%q: %v\n%s", argv, err, out)
		}
	}
	for _, folder := range []string{"real-vite", "real-eleventy", "real-esbuild"} {
		if list, err := os.ReadDir(filepath.Join(public, folder)); err != nil || len(list) < 2 {
			t.Errorf("%s: %v, %v", folder, list, err)
		}
	}
}
