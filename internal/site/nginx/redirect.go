package nginx

import (
	"strconv"
	"strings"
)

// redirect makes the address of a redirect absolute.
func (a *answer) redirect() {
	to := a.out.location
	if to == nil || !strings.HasPrefix(*to, "/") || !a.location.is("absolute_redirect", true) {
		return
	}
	host, err := a.host, error(nil)
	if a.location.is("server_name_in_redirect", false) {
		host, _, err = a.serverName()
	}
	if host == "" || err != nil {
		a.locationErr = &cause{Construct: "absolute_redirect", Why: "the model does not know the server's own name"}
	}
	if port, _ := a.config.Port(); port != 80 && a.location.is("port_in_redirect", true) {
		host += ":" + strconv.Itoa(port)
	}
	absolute := "http://" + host + *to
	a.out.location = &absolute
}
