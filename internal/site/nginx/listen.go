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

// Port returns the port to ask: the first of the server that answers unknown hosts. A hint
// says why it was chosen, or what is missing; it is empty where there is only one.
func (c *Config) Port() (port int, hint string) {
	var ports []int
	for _, v := range c.servers {
		for _, l := range v.listens {
			if l.port != 0 && l.special == "" && !l.ipv6() && !slices.Contains(ports, l.port) {
				ports = append(ports, l.port)
			}
		}
	}
	if len(ports) == 0 {
		return 0, `no server has a plain "listen PORT"`
	}
	port = ports[0]
	for _, v := range c.servers {
		for _, l := range v.listens {
			if l.defaultServer && l.special == "" && slices.Contains(ports, l.port) && !l.ipv6() {
				port = l.port
				goto chosen
			}
		}
	}
chosen:
	if len(ports) > 1 {
		hint = "the configuration listens on several ports; the one of the default server, else of the first, is asked"
	}
	return port, hint
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, ":"), 10, 16)
	return err == nil && strings.HasPrefix(text, ":") && n > 0 && text[1] != '+'
}
