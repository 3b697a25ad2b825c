package nginx

import (
	"strconv"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// expires runs expires, which sets Expires and Cache-Control.
func (a *answer) expires() {
	d := a.location.find("expires")
	if d == nil || !safe(a.out.status) {
		return
	}
	text := d.Args[len(d.Args)-1]
	value, err := a.expand(text, d)
	if err != nil {
		a.setExpires("", "", err, err)
		return
	}
	modified := len(d.Args) == 2
	switch {
	case modified:
	case value == "off":
		return
	case value == "epoch":
		a.setExpires("Thu, 01 Jan 1970 00:00:01 GMT", "no-cache", nil, nil)
		return
	case value == "max":
		a.setExpires("Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000", nil, nil)
		return
	case strings.HasPrefix(value, "@"):
		clock := at(d, "expires", "it depends on the time of day")
		a.setExpires("", "", clock, clock)
		return
	}
	a.relative(value, d, modified && a.out.file != "")
}

// relative sets the headers for a time from now, or from the file's own time.
func (a *answer) relative(value string, d *conf.Directive, modified bool) {
	number, minus := strings.CutPrefix(value, "-")
	if !minus {
		number = strings.TrimPrefix(value, "+")
	}
	seconds, ok := parseTime(number)
	if !ok {
		return // Nginx sets nothing for a variable's value that it cannot read
	}
	clock := at(d, "expires", "it depends on the time")
	switch {
	case seconds == 0:
		a.setExpires("", "max-age=0", clock, nil)
	case modified:
		a.setExpires("", "", clock, clock)
	case minus:
		a.setExpires("", "no-cache", clock, nil)
	default:
		a.setExpires("", "max-age="+strconv.FormatInt(seconds, 10), clock, nil)
	}
}

func (a *answer) setExpires(expires, cache string, expiresErr, cacheErr error) {
	a.out.add("Expires", expires, expiresErr)
	a.out.add("Cache-Control", cache, cacheErr)
}

// units are Nginx's units of time from the longest.
var units = []struct {
	letter byte
	length time.Duration
}{
	{'y', 365 * 24 * time.Hour}, {'M', 30 * 24 * time.Hour}, {'w', 7 * 24 * time.Hour}, {'d', 24 * time.Hour},
	{'h', time.Hour}, {'m', time.Minute}, {'s', time.Second},
}

// parseTime reads a time as 1h30m, in seconds. A number without a unit is seconds.
func parseTime(s string) (seconds int64, ok bool) {
	last := -1
	for s != "" {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		n, err := strconv.ParseInt(s[:digits], 10, 32)
		if err != nil {
			return 0, false
		}
		if s = s[digits:]; s == "" || s[0] == ' ' {
			seconds, last = seconds+n, len(units)-1
			s = strings.TrimLeft(s, " ")
			ok = true
			continue
		}
		unit := -1
		for i, u := range units {
			if u.letter == s[0] {
				unit = i
			}
		}
		if unit <= last {
			return 0, false
		}
		seconds, last, ok = seconds+n*int64(units[unit].length/time.Second), unit, true
		s = strings.TrimLeft(s[1:], " ")
	}
	return seconds, ok
}
