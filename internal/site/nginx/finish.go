package nginx

import (
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// response is the answer as it grows.
type response struct {
	status      int
	closed      bool
	contentType string
	typeErr     error
	location    *string
	headers     []header
	file        string // that is the body
	text        *string
	generated   bool // a page of Nginx
	bodyErr     error
	length      int  // of the body; -1 where it is not known
	encoded     bool // it has a Content-Encoding
}

// header is a header of the answer.
type header struct {
	name, value string
	err         error
}

func (o *response) add(name, value string, err error) {
	o.headers = append(o.headers, header{name, value, err})
}

// setLocation sets the address of a redirect.
func (q *request) setLocation(to string) { q.out.location = &to }

// respond answers with a text of the configuration.
func (q *request) respond(status int, text string, err error, d *conf.Directive) error {
	if status >= 300 && status < 400 {
		return at(d, "return", "the model does not know this code")
	}
	q.answered = true
	q.out.status, q.out.text, q.out.bodyErr, q.out.length = status, &text, err, len(text)
	if err != nil {
		q.out.text, q.out.length = nil, -1
	}
	q.setContentType()
	return nil
}

// finish ends the request with a status: an error page of the configuration, or one of Nginx.
func (q *request) finish(status int) error {
	q.errStatus, q.out.contentType, q.out.typeErr = status, "", nil
	if status == 444 || status == 499 || status == 408 {
		q.answered, q.out.closed = true, true
		return nil
	}
	if pages := q.location.all("error_page"); !q.errorPage && len(pages) > 0 && q.changes != 0 {
		q.errorPage = !q.location.is("recursive_error_pages", false)
		for _, d := range pages {
			if p := errorPageOf(d); p.has(status) {
				return q.sendErrorPage(p)
			}
		}
	}
	q.generate(status)
	return nil
}

// generate answers with a page of Nginx itself.
func (q *request) generate(status int) {
	o := &q.out
	q.answered, o.file, o.text, o.bodyErr, o.length, o.status = true, "", nil, nil, -1, status
	switch status {
	case 301, 302, 303, 307, 308, 421, 429, 494, 495, 496, 497, 498, 500, 501, 502, 503, 504, 505, 507:
		o.generated = true
	case 407:
		o.typeErr = &cause{Construct: "407", Why: "versions of Nginx differ in its page"}
		o.bodyErr = o.typeErr
		return
	default:
		o.generated = status >= 400 && status <= 416
	}
	if status >= 494 && status <= 497 {
		q.errStatus = 400
	}
	if o.generated {
		o.contentType = "text/html"
		return
	}
	empty := ""
	o.text, o.length = &empty, 0
}

// errorPage is an error_page directive.
type errorPage struct {
	*conf.Directive
	codes  []int
	answer int // status of the answer; -1 for that of the error, 0 for that of the page
	page   string
}

func errorPageOf(d *conf.Directive) errorPage {
	n := len(d.Args)
	p := errorPage{Directive: d, answer: -1, page: d.Args[n-1]}
	codes := d.Args[:n-1]
	if number, ok := strings.CutPrefix(codes[len(codes)-1], "="); ok && len(codes) > 1 {
		p.answer, _ = strconv.Atoi(number)
		codes = codes[:len(codes)-1]
	}
	for _, c := range codes {
		code, _ := strconv.Atoi(c)
		p.codes = append(p.codes, code)
	}
	return p
}

func (p errorPage) has(status int) bool {
	for _, c := range p.codes {
		if c == status {
			return true
		}
	}
	return false
}

// sendErrorPage continues with an error page.
func (q *request) sendErrorPage(p errorPage) error {
	if p.answer >= 0 {
		q.errStatus = p.answer
	} else if q.errStatus >= 494 && q.errStatus <= 497 {
		q.errStatus = 400
	}
	page, err := q.expand(p.page, p.Directive)
	if err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(page, "/"):
		if q.method != "HEAD" {
			q.method = "GET"
		}
		uri, args, _ := strings.Cut(page, "?")
		return q.redirect(uri, args)
	case strings.HasPrefix(page, "@"):
		return q.namedLocation(page)
	}
	if !isRedirect(p.answer) {
		q.errStatus = 302
	}
	q.setLocation(page)
	q.generate(q.errStatus)
	return nil
}
