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
	host, proper := refererHost(referer)
	named := 0
	for n := range names {
		switch n {
		case "none", "blocked":
			continue
		case "server_names":
			for _, s := range q.server.names {
				if strings.HasPrefix(s, "~") {
					return "", true, at(list[0], "valid_referers", "the model does not know expressions of server_names")
				}
				if s != "" {
					named++
				}
				if hasName(s, host) && proper {
					return "", true, nil
				}
			}
			continue
		}
		if strings.HasPrefix(n, "~") || strings.Contains(n, "/") {
			return "", true, at(list[0], "valid_referers", "the model does not know expressions and paths here")
		}
		named++
		if proper && hasName(lowerBytes(n), host) {
			return "", true, nil
		}
	}
	switch {
	case named == 0:
		return "", true, at(list[0], "valid_referers", "it has no names")
	case q.headers["Referer"] == nil && names["none"]:
		return "", true, nil
	case q.headers["Referer"] != nil && !proper && names["blocked"]:
		return "", true, nil
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
