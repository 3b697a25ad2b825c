package bundle

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// The parts of a health check's command: a URL of this machine, a request of raw HTTP, and
// the header that curl and wget add.
var (
	healthURL  = regexp.MustCompile(`(?i)\bhttp://(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\])(:\d+)?(/[^\s"'|;&)]*)?`)
	healthLine = regexp.MustCompile(`\b(?:GET|HEAD) (/\S*) HTTP/1`)
	healthHost = regexp.MustCompile(`(?i)(?:-H|--header)[ =]?["']?Host: *([^\s"']+)`)
)

// healthOf finds the request that the command of HEALTHCHECK makes to the server's port.
func healthOf(command []string, port int) (h suite.Health, ok bool) {
	text := strings.Join(command, " ")
	h.Origin = "HEALTHCHECK of the Dockerfile"
	if m := healthURL.FindStringSubmatch(text); m != nil {
		if u, err := url.Parse(m[0]); err != nil || m[2] != "" && m[2] != ":"+strconv.Itoa(port) || m[2] == "" && port != 80 {
			return h, false
		} else {
			h.Path, h.Host = u.RequestURI(), u.Host
		}
	} else if m := healthLine.FindStringSubmatch(text); m != nil {
		h.Path = m[1]
	} else {
		return h, false
	}
	if m := healthHost.FindStringSubmatch(text); m != nil {
		h.Host = m[1]
	}
	return h, true
}
