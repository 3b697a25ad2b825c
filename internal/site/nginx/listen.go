package nginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// listen is a listen directive.
type listen struct {
	*conf.Directive
	address       string // "" for every address
	port          int    // 0 where it is no port of TCP
	defaultServer bool
	special       string // a parameter that makes it unfit for plain HTTP/1.1; "" for none
}

func readListen(d *conf.Directive) listen {
	l := listen{Directive: d}
	address, port := d.Args[0], ""
	switch i := strings.LastIndexByte(address, ':'); {
	case strings.HasPrefix(address, "unix:"):
		return l
	case i >= 0 && !strings.HasSuffix(address, "]"):
		address, port = address[:i], address[i+1:]
	case strings.Trim(address, "0123456789") == "":
		address, port = "", address
	default:
		port = "80"
	}
	l.port, _ = strconv.Atoi(port)
	if l.address = strings.Trim(address, "[]"); l.address == "*" || l.address == "0.0.0.0" {
		l.address = ""
	}
	for _, p := range d.Args[1:] {
		switch p {
		case "default_server", "default":
			l.defaultServer = true
		case "ssl", "quic", "http2", "proxy_protocol", "spdy":
			l.special = p
		}
		if p == "ipv6only=off" && l.address == "::" {
			l.address = ""
		}
	}
	return l
}

// ipv6 reports whether it listens to addresses of IP version 6 alone.
func (l listen) ipv6() bool { return strings.Contains(l.address, ":") }

// plain reports whether it takes plain HTTP/1.1 on a TCP port of IP version 4.
func (l listen) plain() bool { return l.port != 0 && l.special == "" && !l.ipv6() }

// Port returns the port to ask: of those whose servers have pages, and do not answer all
// requests with a return, the one of the default server, else the first. A hint says why it
// was chosen, or what is missing; it is empty where there is only one.
func (c *Config) Port() (port int, hint string) { return c.port, c.portHint }

// choosePort returns what Port returns.
func (c *Config) choosePort() (port int, hint string) {
	all := c.plainListens(func(*server) bool { return true })
	if len(all) == 0 {
		return 0, `no server has a plain "listen PORT"`
	}
	list := c.plainListens(func(v *server) bool { return !v.refuses() })
	if len(list) == 0 {
		list = all
	}
	port = list[0].port
	if i := slices.IndexFunc(list, func(l listen) bool { return l.defaultServer }); i >= 0 {
		port = list[i].port
	}
	if slices.ContainsFunc(all, func(l listen) bool { return l.port != port }) {
		hint = "the configuration listens on several ports; one with pages is asked: the one of the default server, else the first"
	}
	return port, hint
}

// plainListens returns where some of the servers take plain HTTP.
func (c *Config) plainListens(some func(*server) bool) (list []listen) {
	for _, v := range c.servers {
		for _, l := range v.listens {
			if l.plain() && some(v) {
				list = append(list, l)
			}
		}
	}
	return list
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, ":"), 10, 16)
	return err == nil && strings.HasPrefix(text, ":") && n > 0 && text[1] != '+'
}
