package nginx

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// grammar writes configurations by chance.
type grammar struct {
	*rand.Rand
	out     strings.Builder
	indent  int
	used    map[string]bool // directives that stand once in a block, and names of locations
	outside map[string]bool
}

// pick returns one of the words of a text.
func (g *grammar) pick(words string) string {
	list := strings.Split(words, "|")
	return list[g.IntN(len(list))]
}

// one reports true once in n times.
func (g *grammar) one(n int) bool { return g.IntN(n) == 0 }

func (g *grammar) line(format string, args ...any) {
	fmt.Fprintf(&g.out, "%s"+format+"\n", append([]any{strings.Repeat("  ", g.indent)}, args...)...)
}

// block writes a block.
func (g *grammar) block(head string, body func()) {
	used := g.used
	g.used = map[string]bool{}
	g.line("%s {", head)
	g.indent++
	body()
	g.indent--
	g.line("}")
	g.used = used
}

// once reports whether something stands in a block for the first time.
func (g *grammar) once(what string) bool {
	first := !g.used[what]
	g.used[what] = true
	return first
}

const (
	paths       = "/|/docs|/docs/|/about|/about.html|/blog|/blog/|/assets/|/img/|/tags|/tags/|/missing|/en|/en/|/old|/app/|/a|/private/|/download/|/do|/contact|/posts/|/caf|/100|/sp|/data.json|/404.html"
	expressions = `\.html$|^/docs/(.*)$|^/(.*)\.html$|^/([^/]+)/?$|\.(css\vjs\vpng)$|^/(?<first>[a-z]+)(?<rest>/.*)?$|^(.*)/$|/\.|^/(en\vde)/|[A-Z]|^/tags/(.+)$|^/(?!docs)(.*)$|^/.*(\d+)|^(/[^.]*[^/])$|(^/a)(.*)|^`
	targetsOf   = "/about.html|/docs/index.html|/$1|/docs/$1|/$1.html|$1/|/x?y=$1|/find?q=$1&r=2|/404.html|/en$uri|$uri.html|/$first|/blog/index.html|/%20x|/a b|/$arg_x|/$1?|/about.html?"
	values      = "$uri|$args|$host|$request_uri|plain|$1|${uri}x|$m0|$m1|$s0|$first|$rest|$arg_x|$is_args$args|$request_method|$document_root|$request_filename|$http_x_forwarded_proto|$scheme://$host|$query_string|no-cache|$status|$sent_http_content_type|$uri?x|$http_referer|$s1|1|0|$sent_http_location"
	statuses    = "200|204|301|302|303|307|308|400|401|403|404|405|410|418|444|500|503"
)

func (g *grammar) expression() string {
	return strings.ReplaceAll(g.pick(expressions), `\v`, "|")
}

// http writes what is in the http block.
func (g *grammar) http() {
	if !g.one(4) {
		g.line("include /etc/nginx/mime.types;")
	}
	g.block("map "+g.pick("$uri|$request_uri|$host|$args|$arg_x|$request_method$uri|$sent_http_content_type|$http_referer|$s0")+" $m0", g.mapEntries)
	g.block("map "+g.pick("$uri|$m0|$request_uri|$http_accept|$uri$args|$first|$document_uri")+" $m1", g.mapEntries)
	g.settings()
	for range 1 + g.IntN(2) {
		g.block("server", g.server)
	}
}

func (g *grammar) mapEntries() {
	g.line(`"~^/never/(?<first>x)(?<rest>y)" never;`)
	if g.one(4) {
		g.line("volatile;")
	}
	if g.one(2) {
		g.line(`default %s;`, g.pick(`""|x|$uri|/moved|$args|$host`))
	}
	for range g.IntN(4) {
		if key := strings.ToLower(g.pick(paths + "|text/html|text/css|/ABOUT.html|GET|example.org")); g.once(key) {
			g.line(`%s %s;`, key, g.pick(`""|1|/new|https://example.org$uri|$host|0`))
		}
	}
	for range g.IntN(3) {
		g.line(`"%s%s" "%s";`, g.pick("~|~*"), g.expression(), g.pick(`$1|x|/r/$1|$uri|$first`))
	}
}

// settings writes directives that every level may have.
func (g *grammar) settings() {
	for range g.IntN(4) {
		switch g.IntN(21) {
		case 0, 1, 2:
			g.line("add_header %s %q%s;", g.pick("X-One|X-Two|Cache-Control|X-Three|Vary|Link|ETag|Last-Modified"), g.pick(values+"||$1 $2"), g.pick("| always"))
		case 3:
			g.single("expires", g.pick("1h|-1|0|epoch|max|off|$m0|modified 1d|1d12h"))
		case 4:
			g.single("charset", g.pick("utf-8|utf-8|off|koi8-r|koi8-r|utf-8|$m0"))
		case 5:
			g.single("charset_types", g.pick("*|text/css application/json|text/plain"))
		case 6:
			g.single("default_type", g.pick("text/html|application/octet-stream|text/x-$uri"))
		case 7, 8:
			g.line("error_page %s %s%s;", g.pick("404|403 404|405|500 503|410|301|400|404 403 405 410"), g.pick("|||=200 |= |=404 |=302 "), g.pick("/404.html|/50x.html|/docs/index.html|@n0|@n0|https://example.com/$uri|/none|/about.html?e=1|/en$uri"))
		case 9:
			g.single("recursive_error_pages", "on")
		case 10:
			g.single("index", g.pick("index.html|none.html index.html|guide.html|/about.html|index.htm /404.html|$m0.html index.html"))
		case 11:
			g.single("autoindex", g.pick("on|off"))
		case 12:
			g.single("gzip_static", g.pick("on|always|off"))
		case 13:
			g.single("gzip_vary", g.pick("on|off"))
		case 14:
			g.single("gzip", g.pick("on|off"))
		case 15:
			g.single("gzip_types", g.pick("*|text/css text/plain application/json"))
		case 16:
			g.single("absolute_redirect", "off")
		case 17:
			g.single("port_in_redirect", "off")
		case 18:
			g.single("etag", "off")
		case 19:
			g.single("max_ranges", "0")
		case 20:
			g.line("%s all;", g.pick("allow|allow|deny"))
		}
	}
}

// single writes a directive that stands once in a block.
func (g *grammar) single(name, value string) {
	if g.once(name) {
		g.line("%s %s;", name, value)
	}
}

func (g *grammar) server() {
	g.line("listen 8080%s;", map[bool]string{true: " default_server"}[g.outside["default"] == false && g.one(3) && func() bool { g.outside["default"] = true; return true }()])
	if !g.one(3) {
		g.line("server_name %s;", g.pick(`example.org|www.example.org example.org|*.example.org|.example.org|_|~^(?<first>\w+)\.example\.org$|other.test|mail.*`))
	}
	g.line("root %s;", g.pick("/srv/site|/srv/site|/srv/site|/srv/site/|/srv/site/docs|/srv/site/$m0"))
	g.single("merge_slashes", g.pick("on|on|off"))
	g.line(`set $s0 "%s"; set $s1 "";`, g.pick("|0|x"))
	g.settings()
	if g.one(2) {
		g.scripts(2)
	}
	if g.one(6) {
		g.tryFiles()
	}
	for range 2 + g.IntN(4) {
		g.location("", 0)
	}
	g.block("location @n0", func() { g.scripts(2); g.settings(); g.maybeTry() })
}

// scripts writes directives of the rewrite module.
func (g *grammar) scripts(depth int) {
	for range 1 + g.IntN(2) {
		switch g.IntN(8) {
		case 0, 1:
			g.line(`rewrite "%s" "%s"%s;`, g.expression(), g.pick(targetsOf+"|https://example.org/$1|$scheme://$host/$1?z"), g.pick("|| last| break| redirect| permanent"))
		case 2:
			g.line(`set $%s "%s";`, g.pick("s0|s1|args|s0"), g.pick(values))
		case 3:
			if g.one(3) {
				g.line("return %s%s;", g.pick(statuses), g.pick(`|| "/to$1"| "text $uri $s0"| /x$is_args$args`))
			}
		case 4:
			if g.one(3) {
				g.line("break;")
			}
		default:
			if depth > 0 {
				g.block("if "+g.condition(), func() {
					g.scripts(0)
					if g.outside["location"] && g.one(2) {
						g.settings()
					}
				})
			}
		}
	}
}

func (g *grammar) condition() string {
	return g.pick(`($m0)|($s0)|($uri = /docs)|($uri != /about.html)|($args ~ x)|($request_method !~ ^(GET\vHEAD)$)|($uri ~* ^/(doc)(.*)$)|(-f $request_filename)|(!-e $request_filename)|(-d $document_root$uri)|(-f $document_root$uri.html)|($m1 = x)|($arg_x)|($s0 = "")|($host = example.org)|($first)|($http_x_forwarded_proto = http)|( -d $request_filename )|($uri ~ "/$")`)
}

func (g *grammar) tryFiles() {
	if !g.once("try_files") {
		return
	}
	list := ""
	for range 1 + g.IntN(3) {
		list += g.pick("$uri|$uri/|$uri.html|$uri/index.html|/docs$uri|/404.html|$m0|/$first.html|$uri") + " "
	}
	g.line("try_files %s%s;", list, g.pick("=404|=404|/index.html|/index.html?$args|@n0|/404.html|/index.html$is_args$args|=403|/docs/|$uri.html|/none"))
}

func (g *grammar) maybeTry() {
	if g.one(2) {
		g.tryFiles()
	}
}

// location writes a location inside one whose path is the prefix.
func (g *grammar) location(prefix string, depth int) {
	modifier := g.pick("|||=|^~|~|~*")
	name := g.pick(paths)
	if prefix == "~" { // in a location with an expression only such ones may be
		modifier = g.pick("~|~*")
	}
	if strings.HasPrefix(modifier, "~") {
		name = `"` + g.expression() + `"`
	} else if !strings.HasPrefix(name, prefix) {
		name = prefix + strings.TrimPrefix(name, "/")
	}
	key := name
	if modifier == "=" {
		key = "=" + name
	}
	if !g.once("location " + key) {
		return
	}
	outside := g.outside["location"]
	g.outside["location"] = true
	g.block("location "+modifier+" "+name, func() {
		switch g.IntN(8) {
		case 0:
			g.line("root %s;", g.pick("/srv/site|/srv/site/docs|/srv/site/en/"))
		case 1:
			if strings.HasPrefix(modifier, "~") {
				g.line("alias %s;", g.pick("/srv/site/$1|/srv/site/docs/$1|/srv/site/data.json|/srv/site/docs/"))
			} else {
				g.line("alias %s;", g.pick("/srv/site/docs/|/srv/site/assets/|/srv/site/docs|/srv/site/data.json"))
			}
		case 2:
			g.line("internal;")
		case 3:
			g.block("limit_except "+g.pick("GET|GET POST|POST|HEAD PUT"), func() { g.line("deny all;") })
		}
		g.settings()
		if g.one(2) {
			g.scripts(2)
		}
		g.maybeTry()
		if depth < 2 && modifier != "=" && g.one(3) {
			inner := name
			if strings.HasPrefix(modifier, "~") {
				inner = "~"
			}
			g.location(inner, depth+1)
		}
	})
	g.outside["location"] = outside
}

// randomConfig returns a configuration.
func randomConfig(seed uint64) string {
	g := &grammar{Rand: rand.New(rand.NewPCG(seed, 16)), used: map[string]bool{}, outside: map[string]bool{}}
	g.http()
	return wrapped(strings.ReplaceAll(g.out.String(), `\v`, "|"))
}
