package nginx

// fileContent answers with a file.
func (q *request) fileContent() error {
	if q.method != "GET" && q.method != "HEAD" && q.method != "POST" {
		return q.finish(405)
	}
	file, err := q.path()
	if err == errMoved {
		return q.finish(500)
	}
	if err != nil {
		return err
	}
	if q.method != "POST" {
		if done, err := q.gzipStatic(file); done || err != nil {
			return err
		}
	}
	kind, err := q.stat(file, q.location.Directive)
	if err != nil {
		return err
	}
	switch {
	case kind == Absent:
		return q.finish(404)
	case kind == Folder:
		to := escapeURI(q.uri) + "/"
		if q.args != "" {
			to += "?" + q.args
		}
		q.setLocation(to)
		return q.finish(301)
	case q.method == "POST":
		return q.finish(405)
	}
	q.sendFile(file)
	return nil
}

// sendFile answers with a file.
func (q *request) sendFile(file string) {
	q.answered = true
	q.out.status, q.out.file, q.out.length = 200, file, -1
	q.setContentType()
}

// gzipStatic answers with the compressed file beside a file.
func (q *request) gzipStatic(file string) (done bool, err error) {
	d := q.location.find("gzip_static")
	if d == nil || d.Args[0] == "off" {
		return false, nil
	}
	accepts, err := q.acceptsGzip()
	if d.Args[0] == "always" {
		accepts, err = true, nil
	}
	if err != nil {
		return true, err
	}
	if !accepts && !q.location.is("gzip_vary", false) {
		return false, nil
	}
	kind, err := q.stat(file+".gz", d)
	if err != nil || kind == Absent {
		return false, err
	}
	if d.Args[0] == "on" {
		q.gzipVary = true
	}
	if !accepts || kind != File {
		return false, nil
	}
	q.sendFile(file + ".gz")
	q.out.add("Content-Encoding", "gzip", nil)
	q.out.encoded = true
	return true, nil
}
