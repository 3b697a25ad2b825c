package suite

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// contractProbes request what site.toml asks for.
func contractProbes(e Expectation) (probes []probe) {
	for _, c := range e.Contract {
		probes = append(probes, func(ctx context.Context, r *runner) { checkContract(ctx, r, c) })
	}
	return probes
}

// checkContract compares status and headers with what site.toml asks for.
func checkContract(ctx context.Context, r *runner, c Contract) {
	name := "site.toml: GET " + c.Path
	a, err := r.ask(ctx, http.MethodGet, c.Path)
	if err != nil {
		failed := noAnswer(name, err)
		failed.Kind = Expected
		r.check(failed)
		return
	}
	r.check(equal(Expected, name+": status", strconv.Itoa(cmp.Or(c.Status, http.StatusOK)), strconv.Itoa(a.status)))
	for _, h := range slices.Sorted(maps.Keys(c.Headers)) {
		values := a.header.Values(h)
		r.check(Check{
			Name: name + ": " + http.CanonicalHeaderKey(h), Kind: Expected, Expected: c.Headers[h], Got: strings.Join(values, " | "),
			Passed: slices.Contains(values, c.Headers[h]) || c.Headers[h] == strings.Join(values, ", "),
		})
	}
}
