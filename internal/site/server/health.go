package server

import (
	"context"
	"net/http"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// unhealthyLimit is how long a server may answer with an error of its own (5xx) after it has
// started to answer.
const unhealthyLimit = time.Second

// start is the wait for a server's first good answer.
type start struct {
	at     suite.Address
	health suite.Health
	since  time.Time // when it first answered
}

// ready asks once. Nginx has read all of its configuration when it answers at all: where the
// answer is not the expected one, a longer wait changes nothing, and it is an error.
func (s *start) ready(ctx context.Context) (bool, error) {
	at := s.at
	if s.health.Host != "" {
		at.Host = s.health.Host
	}
	status, got, err := suite.Ask(ctx, at, s.health.Path)
	switch {
	case err != nil:
		return false, nil
	case status == http.StatusOK || s.health.Origin == "": // of a guess, any answer will do
		return true, nil
	case s.since.IsZero():
		s.since = time.Now()
	}
	if status >= 500 && time.Since(s.since) < unhealthyLimit {
		return false, nil
	}
	return false, fault.New(fault.Failed, "have it answer 200, or name a path that does: health in site.toml",
		"start the image: GET %s (%s): expected 200, got %s", s.health.Path, s.health.Origin, got)
}
