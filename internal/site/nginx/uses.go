package nginx

import (
	"slices"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// Uses reports whether a directive is anywhere in http with a parameter.
func (c *Config) Uses(name, parameter string) (used bool) {
	c.visit(c.http.Block, func(d *conf.Directive) {
		used = used || d.Name == name && slices.Contains(d.Args, parameter)
	})
	return used
}
