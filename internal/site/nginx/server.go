package nginx

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// server is a server of the configuration.
type server struct {
	*scope
	listens []listen
	names   []string
}

// listen is a listen directive.
type listen struct {
	*conf.Directive
	address       string // "" for every address
	port          int    // 0 where it is no port of TCP
	defaultServer bool
	special       string // a parameter that makes it unfit for plain HTTP/1.1; "" for none
}

func newServer(s *scope) *server {
	v := &server{scope: s}
	for _, d := range s.own["listen"] {
		v.listens = append(v.listens, readListen(d))
	}
	for _, d := range s.own["server_name"] {
		for _, n := range d.Args {
			if !strings.HasPrefix(n, "~") {
				n = strings.ToLower(n)
			}
			v.names = append(v.names, n)
		}
	}
	if len(v.names) == 0 {
		v.names = []string{""}
	}
	return v
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

// choose returns the server that answers a host on the port that is asked.
func (c *Config) choose(host string) (*server, map[string]string, []string, error) {
	port, _ := c.Port()
	var group []*server
	var first *server
	addresses := map[string]bool{}
	for _, v := range c.servers {
		in := false
		for _, l := range v.listens {
			if l.port != port || l.ipv6() {
				continue
			}
			if l.special != "" {
				return nil, nil, nil, at(l.Directive, "listen", "plain HTTP/1.1 on a port with "+l.special+" is not known")
			}
			addresses[l.address] = true
			if in = true; l.defaultServer {
				first = v
			}
		}
		if in {
			group = append(group, v)
		}
	}
	switch {
	case len(group) == 0:
		return nil, nil, nil, &cause{Construct: "listen", Why: "no server listens on a plain port"}
	case len(addresses) > 1:
		return nil, nil, nil, at(group[0].listens[0].Directive, "listen", "which server answers depends on the address")
	case first == nil:
		first = group[0]
	}
	return named(c, group, first, host)
}

// serverName is a name of a server.
type serverName struct {
	name   string
	server *server
}

// namesOf returns the names of a group's servers, the first of those that conflict. One in front of which a wildcard or a dot
// stands conflicts with the same one with the other.
func namesOf(group []*server) (list []serverName) {
	taken := map[string]bool{}
	for _, v := range group {
		for _, n := range v.names {
			keys := []string{"=" + n}
			if rest, ok := strings.CutPrefix(n, "*."); ok {
				keys = []string{"*" + rest}
			} else if rest, ok := strings.CutPrefix(n, "."); ok {
				keys = []string{"=" + rest, "*" + rest}
			}
			free := true
			for _, k := range keys {
				free = free && !taken[k]
				taken[k] = true
			}
			if free || strings.HasPrefix(n, "~") {
				list = append(list, serverName{n, v})
			}
		}
	}
	return list
}

// named returns the server of a group that has a name for the host, else the default.
func named(c *Config, group []*server, otherwise *server, host string) (*server, map[string]string, []string, error) {
	list := namesOf(group)
	best, length := (*server)(nil), -1
	for _, kind := range []func(name, host string) int{exactName, headName, tailName} {
		for _, n := range list {
			if l := kind(n.name, host); l > length {
				best, length = n.server, l
			}
		}
		if best != nil {
			return best, nil, nil, nil
		}
	}
	for _, n := range list {
		expression, ok := strings.CutPrefix(n.name, "~")
		if !ok || host == "" {
			continue
		}
		m, err := c.pattern(expression, expression != strings.ToLower(expression)).Match(host)
		if err != nil {
			return nil, nil, nil, at(n.server.find("server_name"), "server_name", err.Error())
		}
		if m != nil {
			return n.server, m.Named, m.Groups, nil
		}
	}
	return otherwise, nil, nil, nil
}

// exactName, headName and tailName return the length of a server's name that a host has: as
// a whole, with a wildcard in front, with one behind. They return -1 where it has not.
func exactName(name, host string) int {
	if name == host && !strings.HasPrefix(name, "~") || strings.HasPrefix(name, ".") && name[1:] == host {
		return len(host)
	}
	return -1
}

func headName(name, host string) int {
	name = strings.TrimPrefix(name, "*")
	if strings.HasPrefix(name, ".") && strings.HasSuffix(host, name) && len(host) > len(name) {
		return len(name)
	}
	return -1
}

func tailName(name, host string) int {
	if front, ok := strings.CutSuffix(name, ".*"); ok && strings.HasPrefix(host, front+".") && len(host) > len(front)+1 {
		return len(front)
	}
	return -1
}

// hostOf returns the host that Nginx takes from a Host header, and whether it takes it. Where
// versions differ it is an error.
func hostOf(header string) (host string, ok bool, err error) {
	host = strings.ToLower(header)
	if strings.HasPrefix(host, "[") {
		h, port, found := strings.Cut(host[1:], "]")
		if !found || net.ParseIP(h) == nil || port != "" && !isPort(port) {
			return "", false, &cause{Construct: "Host", Why: "the model does not know this host"}
		}
		return "[" + h + "]", true, nil
	}
	if h, port, found := strings.Cut(host, ":"); found {
		if !isPort(":" + port) {
			return "", false, &cause{Construct: "Host", Why: "versions of Nginx differ in this port"}
		}
		host = h
	}
	for i := range len(host) {
		if ch := host[i]; !(ch >= 'a' && ch <= 'z' || ch >= '0' && ch <= '9' || ch == '-' || ch == '.' || ch == '_') {
			return "", false, &cause{Construct: "Host", Why: "versions of Nginx differ in this host"}
		}
	}
	if strings.Contains(host, "..") {
		return "", false, nil
	}
	host = strings.TrimSuffix(host, ".")
	return host, host != "", nil
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, ":"), 10, 16)
	return err == nil && strings.HasPrefix(text, ":") && n > 0 && text[1] != '+'
}
