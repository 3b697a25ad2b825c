package nginx

import (
	"net"
	"strings"
)

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
