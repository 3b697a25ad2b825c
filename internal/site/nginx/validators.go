package nginx

// validators returns an error for a request whose answer depends on what the model does not
// know of a file: its time, tag and size.
func (q *request) validators() error {
	if q.blind || q.out.status != 200 {
		return nil
	}
	isFile := q.out.file != ""
	for _, name := range []string{"If-Match", "If-Unmodified-Since", "If-None-Match", "If-Modified-Since"} {
		v := q.headers[name]
		if v == nil {
			continue
		}
		if isFile || name == "If-Match" || name == "If-Unmodified-Since" || name == "If-None-Match" && v[0] == "*" {
			return &cause{Construct: name, Why: "the model does not know the validators of files"}
		}
	}
	if isFile && q.headers["Range"] != nil && q.location.text("max_ranges", "") != "0" {
		return &cause{Construct: "Range", Why: "the model does not know the sizes of files"}
	}
	return nil
}
