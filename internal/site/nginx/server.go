package nginx

import (
	"strings"
)

// server is a server of the configuration.
type server struct {
	*scope
	listens []listen
	names   []string
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

// choose returns the server that answers a host on the port that is asked, with the groups of
// its name's expression. No host is the default server's: one whose Host Nginx has not read.
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
	if host == "" {
		return first, nil, nil, nil
	}
	return named(c, group, first, host)
}
