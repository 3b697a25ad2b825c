package nginx

import (
	"strings"
)

// sent returns a header of the answer, as far as it has been made.
func (q *request) sent(name string) (string, error) {
	switch name {
	case "content_type":
		return q.out.contentType, q.out.typeErr
	case "location":
		if q.out.location == nil {
			return "", nil
		}
		return *q.out.location, q.locationErr
	case "content_length", "last_modified", "connection", "keep_alive", "transfer_encoding", "etag":
		return "", &cause{Construct: "$sent_http_" + name, Why: "the model does not know this header"}
	}
	var values []string
	for _, h := range q.out.headers {
		if strings.ReplaceAll(lowerBytes(h.name), "-", "_") == name {
			if h.err != nil {
				return "", h.err
			}
			values = append(values, h.value)
		}
	}
	return strings.Join(values, ", "), nil
}
