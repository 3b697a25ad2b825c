package site

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// VerifySchema names the format of verify.json.
const VerifySchema = "kiln/verify/v1"

// Verdict is the result of the suite: verify.json.
type Verdict struct {
	Schema  string        `json:"schema"`
	Image   string        `json:"image"` // the name that was run
	ID      string        `json:"id"`
	Engine  engine.Info   `json:"engine"`
	Base    base.Image    `json:"base"`
	Checks  []suite.Check `json:"checks"`
	Passed  int           `json:"passed"`
	Failed  int           `json:"failed"`
	Seconds float64       `json:"seconds"`
	Memory  int64         `json:"memory"` // bytes that the container used after all requests
}

// String returns the verdict in a line, and each failed check in a line of its own.
func (v Verdict) String() string {
	text := fmt.Sprintf("%s: %d checks passed, %d failed (%.1fs)", v.Image, v.Passed, v.Failed, v.Seconds)
	for _, c := range v.Checks {
		if !c.Passed {
			text += fmt.Sprintf("\n  %s: expected %s, got %s", c.Name, c.Expected, c.Got)
		}
	}
	return text
}

// Verify runs the built image as in production and checks everything that it serves. The
// verdict is written to dist/verify.json, passed or failed; one that failed is an error as
// well.
func (s Site) Verify(ctx context.Context, i Image) (Verdict, error) {
	s.Runner().RemoveDiagnostics()
	v, err := s.RunSuite(ctx, i.ID)
	if err != nil {
		return v, err
	}
	v.Image, v.Base = i.Ref, i.Base
	if err := report.Write(filepath.Join(s.Dist, "verify.json"), v); err != nil {
		return v, err
	}
	return v, s.Failure(v)
}

// Failure returns the error of a verdict that failed, else nil.
func (s Site) Failure(v Verdict) error {
	if v.Failed == 0 {
		return nil
	}
	return fault.New(fault.Failed, "all checks: dist/verify.json; diagnostics: "+s.Runner().Diagnostics(), "verify %s", v)
}

// RunSuite starts an image, runs the suite on it and removes the container.
func (s Site) RunSuite(ctx context.Context, ref string) (Verdict, error) {
	start := time.Now()
	v := Verdict{Schema: VerifySchema, Image: ref}
	var err error
	if v.Engine, err = s.Engine.Info(ctx); err != nil {
		return v, err
	}
	found, err := s.Engine.FindImage(ctx, ref)
	if err != nil {
		return v, err
	}
	v.ID = found.ID
	running, err := s.Runner().Start(ctx, ref, 0)
	if err != nil {
		return v, err
	}
	defer running.Remove()
	result := suite.Run(ctx, suite.Address{URL: running.URL}, s.Bundle.Expectation(), running.Target())
	if ctx.Err() != nil {
		return v, ctx.Err()
	}
	v.add(result)
	v.Seconds = time.Since(start).Seconds()
	if v.Failed > 0 {
		if _, err := running.State(ctx); err != nil {
			return v, err // an engine that stopped fails all checks
		}
		s.Runner().CollectDiagnostics(ctx, running.Container, result.Failures)
	}
	return v, nil
}

// add counts the checks of the suite.
func (v *Verdict) add(result suite.Report) {
	v.Checks, v.Memory = result.Checks, result.Memory
	for _, c := range v.Checks {
		if c.Passed {
			v.Passed++
		} else {
			v.Failed++
		}
	}
}
