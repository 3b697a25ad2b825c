package nginx

import "github.com/romanatrashyonok/kiln/internal/site/nginx/conf"

// cause is the error of what the model does not know.
type cause struct {
	Construct string
	At        *conf.Directive // nil for none
	Why       string
}

func (c *cause) Error() string { return c.Construct + ": " + c.Why }

// at returns the cause of a construct in a directive.
func at(d *conf.Directive, construct, why string) *cause {
	return &cause{Construct: construct, At: d, Why: why}
}

// unknown returns an Unknown for a cause.
func (c *Config) unknown(what string, err error) Unknown {
	u := Unknown{What: what, Why: err.Error()}
	if k, ok := err.(*cause); ok {
		u.Construct, u.Why = k.Construct, k.Why
		if k.At != nil && k.At.File != "" {
			u.File, u.Line = c.hostName(k.At.File), k.At.Line
		}
	}
	if what == "answer" || what == "headers" {
		u.Headers = c.predictable
	}
	return u
}
