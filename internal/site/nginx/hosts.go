package nginx

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// hostArgs is how many parameters of a directive may be addresses whose hosts Nginx resolves
// when it reads the configuration; a server of an upstream is one as well.
var hostArgs = map[string]int{
	"proxy_pass": 1, "fastcgi_pass": 1, "uwsgi_pass": 1, "scgi_pass": 1, "grpc_pass": 1, "memcached_pass": 1,
	"server": 1, "set_real_ip_from": 1, "access_log": 1, "error_log": 1, "resolver": maxResolvers,
}

// maxResolvers is more than a resolver has.
const maxResolvers = 100

// Hosts returns the names of other hosts without which Nginx does not start, sorted: those
// that it resolves when it reads the configuration. Networks of their own, as of Docker
// Compose or Kubernetes, have them.
func (c *Config) Hosts() []string { return c.hosts }

// resolvedHosts returns the hosts that directives name. A variable is resolved at each request.
func resolvedHosts(list []*conf.Directive) (hosts []string) {
	upstreams := map[string]bool{"localhost": true} // which each machine knows
	var visit func([]*conf.Directive)
	visit = func(list []*conf.Directive) {
		for _, d := range list {
			if d.Name == "upstream" && len(d.Args) > 0 {
				upstreams[strings.ToLower(d.Args[0])] = true
			}
			for _, a := range d.Args[:min(len(d.Args), hostArgs[d.Name])] {
				if host := hostOfAddress(a, strings.HasSuffix(d.Name, "_log")); host != "" && !d.HasBlock {
					hosts = append(hosts, host)
				}
			}
			if !isTable(d.Name) || d.Name == "upstream" || d.Name == "stream" {
				visit(d.Block)
			}
		}
	}
	visit(list)
	hosts = slices.DeleteFunc(hosts, func(h string) bool { return upstreams[strings.ToLower(h)] })
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// address has the host of an address, as http://api:3000/v1 or app:9000; syslog has the one of
// a log, as syslog:server=logs:514,tag=x.
var (
	address = regexp.MustCompile(`^(?:[a-z]+://)?([A-Za-z0-9_][A-Za-z0-9_.-]*)(?::[0-9]+)?(?:/[^$]*)?$`)
	syslog  = regexp.MustCompile(`^syslog:(?:[^$]*,)?server=([A-Za-z0-9_][A-Za-z0-9_.-]*)(?::[0-9]+)?(?:,[^$]*)?$`)
)

// hostOfAddress returns the host of an address, or of a log's; "" where it has none, or an IP
// address.
func hostOfAddress(text string, ofLog bool) string {
	form := address
	if ofLog {
		form = syslog
	}
	m := form.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	if _, err := netip.ParseAddr(m[1]); err == nil {
		return ""
	}
	return m[1]
}
