package suite

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

// Model predicts the server's answers; see package nginx.
type Model interface {
	Predict(nginx.Request) nginx.Prediction
}

// exchange is a request with its answer and with what is certain about it.
type exchange struct {
	name string // as "GET /index.html"
	want nginx.Prediction
	got  answer
}

// predict returns what is certain about the answer to a request.
func (r *runner) predict(method, target string, pairs ...string) nginx.Prediction {
	header := http.Header{"User-Agent": {userAgent}}
	for i := 0; i+1 < len(pairs); i += 2 {
		header.Set(pairs[i], pairs[i+1])
	}
	return r.site.Model.Predict(nginx.Request{Method: method, Host: r.at.host(), Target: target, Header: header})
}

// judge sends a request and compares the answer with the prediction. ok is false where
// there is no answer, which is a failed check unless it is predicted.
func (r *runner) judge(ctx context.Context, name, method, target string, pairs ...string) (x exchange, ok bool) {
	x = exchange{name: name, want: r.predict(method, target, pairs...)}
	var err error
	x.got, err = r.ask(ctx, method, target, pairs...)
	if x.want.Closed {
		c := Check{Name: name + ": no answer", Kind: Predicted, Passed: true, Expected: "a closed connection", Got: "a closed connection"}
		c.failIf(err == nil, "%d", x.got.status)
		r.check(c)
		return x, false
	}
	if err != nil {
		r.check(noAnswer(name, err))
		return x, false
	}
	r.compare(x, method != http.MethodHead)
	return x, true
}

// compare adds a check for everything that is certain about an answer, and records what is
// not.
func (r *runner) compare(x exchange, withBody bool) {
	if x.want.Status != 0 {
		r.check(equal(Predicted, x.name+": status", strconv.Itoa(x.want.Status), strconv.Itoa(x.got.status)))
	}
	if withBody {
		r.compareBody(x)
	}
	for _, h := range slices.Sorted(maps.Keys(x.want.Headers)) {
		if c := compareHeader(x, h, r.at.host()); !c.Passed || !r.brief {
			r.check(c)
		}
	}
	for _, h := range x.want.Present {
		values := x.got.header.Values(h)
		c := Check{Name: x.name + ": " + h, Kind: Predicted, Passed: len(values) == 1 && values[0] != "", Expected: "one value", Got: strings.Join(values, " | ")}
		if !c.Passed || !r.brief {
			r.check(c)
		}
	}
	for _, u := range x.want.Unknown {
		r.unknown = append(r.unknown, gap{u, x.name, r.leftOut(u, withBody)})
	}
}

// leftOut returns how many checks of an answer are not made because of what is not known.
func (r *runner) leftOut(u nginx.Unknown, withBody bool) (n int) {
	if !r.brief {
		n = u.Headers
	}
	if u.What != "answer" {
		return n
	}
	if withBody {
		n++
	}
	return n + 1 // the status
}

// compareBody compares the bytes of an answer with the file or the text that is predicted.
// Where neither is, they must be those of some file of the site, unless the model says what
// prevents that.
func (r *runner) compareBody(x exchange) {
	want, known := r.site.contentOf(x.want)
	switch {
	case known:
		kind := Predicted
		if x.want.File != "" && x.want.Status == http.StatusOK {
			kind = Invariant // the bytes of a file that is served
		}
		r.check(same(kind, x.name+": bytes", want, x.got.closest(want)))
	case x.want.Generated:
		r.check(Check{Name: x.name + ": bytes", Kind: Predicted, Passed: isBuiltIn(x.got.decoded), Expected: "a page of the server's own", Got: x.got.decoded.String()})
	case x.want.File != "":
		r.unknown = append(r.unknown, gap{Unknown: nginx.Unknown{What: "body", Construct: x.want.File, Why: "the file is not one of the site"}, request: x.name})
	case x.got.status/100 == 2 && x.got.body.size > 0:
		r.invariant(x, "body", Check{
			Name: x.name + ": bytes", Passed: r.site.holds(x.got), Expected: "a file of the site", Got: x.got.decoded.String(),
		})
	}
}

// closest returns the body as it came if that is what is wanted, else without its encoding.
func (a answer) closest(want body) body {
	if a.body.sha256 == want.sha256 {
		return a.body
	}
	return a.decoded
}

// invariant adds a check that holds for every configuration. One that fails where the model
// does not know the answer is not judged: a directive that it does not know may do that.
func (r *runner) invariant(x exchange, part string, list ...Check) {
	for _, c := range list {
		c.Kind = Invariant
		if c.Passed || !x.uncertain(part) {
			r.check(c)
		}
	}
}

// uncertain reports whether the model does not know a part of an answer.
func (x exchange) uncertain(part string) bool {
	return slices.ContainsFunc(x.want.Unknown, func(u nginx.Unknown) bool { return u.What == part || u.What == "answer" })
}

// compareHeader compares the values of a header.
func compareHeader(x exchange, name, host string) Check {
	want, got := strings.Join(x.want.Headers[name], " | "), strings.Join(x.got.header.Values(name), " | ")
	c := equal(Predicted, x.name+": "+name, want, got)
	switch name {
	case "Location":
		c.Passed = sameURL(want, got, host)
	case "Content-Type":
		c.Passed = strings.EqualFold(want, got)
	}
	if want == "" {
		c.Expected = "none"
	}
	return c
}

// noAnswer is the check of a request without an answer.
func noAnswer(name string, err error) Check {
	return Check{Name: name, Kind: Invariant, Expected: "an answer", Got: err.Error()}
}
