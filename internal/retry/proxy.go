package retry

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Proxy is http.ProxyFromEnvironment with errors that do not show the variable's value, which
// may hold a password. The error has the class fault.Usage.
func Proxy(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil || u != nil && slices.Contains([]string{"", "http", "https"}, u.Hostname()) { // how it reads some that are none
		return nil, fault.New(fault.Usage, "write it as http://user:password@host:port, with signs of the password percent-encoded",
			"read the proxy for %s from HTTP_PROXY and HTTPS_PROXY: expected a URL", r.URL.Host)
	}
	return u, nil
}
