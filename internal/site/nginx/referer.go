package nginx

import "strings"

// invalidReferer returns $invalid_referer: "" for a Referer that valid_referers has, else "1".
func (q *request) invalidReferer() (text string, ok bool, err error) {
	list := q.location.all("valid_referers")
	if len(list) == 0 {
		return "", true, nil
	}
	referer, err := q.header("referer")
	if err != nil {
		return "", true, err
	}
	names := map[string]bool{}
	for _, d := range list {
		for _, a := range d.Args {
			names[a] = true
		}
	}
	none, blocked := names["none"], names["blocked"]
	delete(names, "none")
	delete(names, "blocked")
	if names["server_names"] {
		delete(names, "server_names")
		for _, s := range q.server.names {
			names[s] = true
		}
		delete(names, "")
	}
	host, proper := refererHost(referer)
	switch {
	case len(names) == 0:
		return "", true, at(list[0], "valid_referers", "it has no names")
	case q.headers["Referer"] == nil && none, q.headers["Referer"] != nil && !proper && blocked:
		return "", true, nil
	case !proper:
		return "1", true, nil
	}
	expressions := false
	for n := range names {
		if expressions = expressions || strings.HasPrefix(n, "~") || strings.Contains(n, "/"); hasName(lowerBytes(n), host) {
			return "", true, nil
		}
	}
	if expressions {
		return "", true, at(list[0], "valid_referers", "the model does not know expressions and paths here")
	}
	return "1", true, nil
}

func hasName(name, host string) bool {
	return exactName(name, host) >= 0 || headName(name, host) >= 0 || tailName(name, host) >= 0
}

// refererHost returns the host of a Referer, and whether it has a scheme.
func refererHost(referer string) (host string, ok bool) {
	lower := lowerBytes(referer)
	for _, scheme := range []string{"http://", "https://"} {
		if rest, found := strings.CutPrefix(lower, scheme); found && len(referer) >= len("http://i.ru") {
			i := strings.IndexAny(rest, "/:")
			if i < 0 {
				return rest, true
			}
			return rest[:i], true
		}
	}
	return "", false
}
