package nginx

import (
	"net/textproto"
	"strings"
)

// header returns a header of the request by its name as a variable has it.
func (q *request) header(name string) (string, error) {
	if q.blind {
		return "", errBlind
	}
	if name == "host" {
		return q.hostHeader, nil
	}
	var found []string
	for key, values := range q.headers {
		if strings.ContainsAny(key, "_ ") {
			return "", errUnderscore
		}
		if strings.ReplaceAll(strings.ToLower(key), "-", "_") == name {
			for _, v := range values {
				found = append(found, textproto.TrimString(v))
			}
		}
	}
	switch {
	case name == "user_agent" && q.headers["User-Agent"] == nil:
		return "", errClient
	case name == "connection" || name == "content_length":
		return "", errClient
	case len(found) > 1:
		return "", errSeveral
	case len(found) == 0:
		return "", nil
	}
	return found[0], nil
}

// argument returns an argument of the query, as it is written there.
func (q *request) argument(name string) string {
	for _, a := range strings.Split(q.args, "&") {
		if key, value, ok := strings.Cut(a, "="); ok && name != "" && lowerBytes(key) == lowerBytes(name) {
			return value
		}
	}
	return ""
}

// cookie returns a cookie.
func (q *request) cookie(name string) (string, error) {
	list, err := q.header("cookie")
	if err != nil || list == "" {
		return "", err
	}
	return "", errCookie
}
