package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// unhealthyLimit is how long a server may answer with an error of its own (5xx), or close
// connections without an answer, after it has started.
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
	closed := isClosed(err)
	if closed {
		got = "a closed connection"
	}
	switch {
	case err != nil && !closed:
		return false, nil
	case status == http.StatusOK || s.health.Origin == "": // of a guess, any answer will do
		return true, nil
	case s.since.IsZero():
		s.since = time.Now()
	}
	if (closed || status >= 500) && time.Since(s.since) < unhealthyLimit {
		return false, nil
	}
	fix := "have it answer 200, or name a path that does: health in site.toml"
	if s.health.Host != "" && s.health.Host != s.at.Host {
		got += fmt.Sprintf(" for the Host %s", s.health.Host)
		fix = "have it answer 200 for this Host too, by a server_name, or send the Host of the site in the health check"
	}
	return false, fault.New(fault.Failed, fix, "start the image: GET %s (%s): expected 200, got %s", s.health.Path, s.health.Origin, got)
}

// isClosed reports whether a server accepted a connection and closed it without an answer,
// as nginx does for 444.
func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}
