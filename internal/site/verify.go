package site

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site/bundle"
	"github.com/romanatrashyonok/kiln/internal/site/server"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// VerifySchema names the format of verify.json.
const VerifySchema = "kiln/verify/v1"

// Verdict is the result of the suite: verify.json.
type Verdict struct {
	Schema    string            `json:"schema"`
	Image     string            `json:"image"` // the name that was run
	ID        string            `json:"id"`
	Engine    engine.Info       `json:"engine"`
	Base      base.Image        `json:"base"`
	Checks    []suite.Check     `json:"checks"`
	NotJudged []suite.NotJudged `json:"not_judged"` // why checks are left out
	Notes     []string          `json:"notes"`      // what is no failure
	Passed    int               `json:"passed"`
	Failed    int               `json:"failed"`
	Seconds   float64           `json:"seconds"`
	Memory    int64             `json:"memory"` // bytes that the container used after all requests
}

// String returns the counts in a line, and each failed check, each construct that is not
// judged and each note in a line of its own.
func (v Verdict) String() string {
	passed := map[suite.Kind]int{}
	var text strings.Builder
	for _, c := range v.Checks {
		if c.Passed {
			passed[c.Kind]++
		}
	}
	fmt.Fprintf(&text, "%s: %d checks passed (%d invariant, %d predicted, %d expected), %d not judged, %d failed (%.1fs)",
		v.Image, v.Passed, passed[suite.Invariant], passed[suite.Predicted], passed[suite.Expected], v.notJudged(), v.Failed, v.Seconds)
	for _, c := range v.Checks {
		if !c.Passed {
			fmt.Fprintf(&text, "\n  %s: expected %s, got %s", c.Name, c.Expected, c.Got)
		}
	}
	for _, n := range v.NotJudged {
		fmt.Fprintf(&text, "\n  not judged: %s", n)
	}
	for _, n := range v.Notes {
		fmt.Fprintf(&text, "\n  note: %s", n)
	}
	return text.String()
}

// notJudged returns the number of checks that are left out.
func (v Verdict) notJudged() (n int) {
	for _, each := range v.NotJudged {
		n += each.Checks
	}
	return n
}

// Verify runs the built image as in production and checks everything that it serves. The
// verdict is written to dist/verify.json, passed or failed; one that failed is an error as
// well.
func (s Site) Verify(ctx context.Context, i Image) (Verdict, error) {
	s.Runner().RemoveDiagnostics()
	v, err := s.RunSuite(ctx, i.ID, i.Base)
	if err != nil {
		return v, err
	}
	v.Image = i.Ref
	if err := report.Write(filepath.Join(s.Dist, "verify.json"), v); err != nil {
		return v, err
	}
	return v, s.Failure(v)
}

// Failure returns the error of a verdict that failed, else nil. With strict in site.toml, one
// with checks that are not judged fails.
func (s Site) Failure(v Verdict) error {
	switch {
	case v.Failed > 0:
		return fault.New(fault.Failed, "all checks: dist/verify.json; diagnostics: "+s.Runner().Diagnostics(), "verify %s", v)
	case s.Settings.Strict && len(v.NotJudged) > 0:
		return fault.New(fault.Failed, "change these constructs, or set strict = false in site.toml", "verify %s\n  strict: every check has to be judged", v)
	}
	return nil
}

// RunSuite starts an image on a base, runs the suite on it and removes the container.
func (s Site) RunSuite(ctx context.Context, ref string, from base.Image) (Verdict, error) {
	begin := time.Now()
	v := Verdict{Schema: VerifySchema, Image: ref, Base: from, NotJudged: []suite.NotJudged{}, Notes: []string{}}
	var err error
	if v.Engine, err = s.Engine.Info(ctx); err != nil {
		return v, err
	}
	found, err := s.Engine.FindImage(ctx, ref)
	if err != nil {
		return v, err
	}
	v.ID = found.ID
	running, conf, err := s.start(ctx, s.Runner(), ref)
	if err != nil {
		return v, err
	}
	defer running.Remove()
	expected := conf.Expectation()
	expected.Health, expected.Contract = s.health(conf), s.Settings.contract()
	expected.StandIn = from.From == base.FromBootstrap
	result := suite.Run(ctx, running.Address(), expected, running.Target())
	if ctx.Err() != nil {
		return v, ctx.Err()
	}
	v.add(result)
	v.Seconds = time.Since(begin).Seconds()
	if v.Failed > 0 {
		if _, err := running.State(ctx); err != nil {
			return v, err // an engine that stopped fails all checks
		}
		if err := running.Err(); err != nil {
			return v, err
		}
		s.Runner().CollectDiagnostics(ctx, running.Container, result.Failures)
	}
	return v, nil
}

// start starts an image, and returns its server with what its configuration says: with the
// files of the base where it includes some.
func (s Site) start(ctx context.Context, r server.Runner, ref string) (server.Server, bundle.Server, error) {
	if s.Server.Complete() {
		running, err := r.Start(ctx, ref)
		return running, s.Server, err
	}
	ctr, err := s.Engine.Run(ctx, r.Spec(ref))
	if err != nil {
		return server.Server{}, s.Server, err
	}
	var running server.Server
	if s.Server, err = s.Bundle.Server(s.Dockerfile, server.Files(ctx, ctr)); err == nil {
		running, err = s.Runner().Await(ctx, ctr)
	}
	if err != nil {
		ctr.Remove()
	}
	return running, s.Server, err
}

// add counts the checks of the suite.
func (v *Verdict) add(result suite.Report) {
	v.Checks, v.Memory = result.Checks, result.Memory
	v.NotJudged, v.Notes = append(v.NotJudged, result.NotJudged...), append(v.Notes, result.Notes...)
	for _, c := range v.Checks {
		if c.Passed {
			v.Passed++
		} else {
			v.Failed++
		}
	}
}
