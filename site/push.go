package site

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/cenkalti/backoff/v5"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/report"
)

// PushSchema names the form of push.json.
const PushSchema = "kiln/push/v1"

// stagingTag is what an image is called in the registry until it has passed. One
// name for all: each push moves it.
const stagingTag = "kiln-staging"

// pushTries bounds how often a push is begun that the surroundings broke off.
const pushTries = 4

// Pushed is a push: push.json.
type Pushed struct {
	Schema     string   `json:"schema"`
	Repository string   `json:"repository"`
	Digest     string   `json:"digest"`   // sha256:... of the manifest in the registry
	Tags       []string `json:"tags"`     // that name it there now
	Verified   bool     `json:"verified"` // by the copy that was pulled back
	Attempts   int      `json:"attempts"`
}

// Ref is the name that can never mean anything else: repository@sha256:...
func (p Pushed) Ref() string { return p.Repository + "@" + p.Digest }

// Push publishes a built image that has passed its suite: under a staging name,
// pulled back by digest into an engine that has forgotten it, proven again, and
// only then tagged. Nothing is tagged that did not pass. dist/push.json.
func (s Shop) Push(ctx context.Context, i Image) (Pushed, error) {
	p := Pushed{Schema: PushSchema, Repository: s.Settings.Repository}
	staging := p.Repository + ":" + stagingTag
	unlock, err := s.Engine.Lock(ctx, i.Base.ID, "push-"+hashStrings(p.Repository)[:12], func(lock string) {
		s.Console.Say("another run pushes to %s: waiting (if there is none: docker rm %s)", p.Repository, lock)
	})
	if err != nil {
		return p, err
	}
	defer unlock()
	if err := s.Engine.Tag(ctx, i.ID, staging); err != nil {
		return p, err
	}
	if err := s.upload(ctx, staging, &p); err != nil {
		return p, err
	}
	there, err := s.Engine.RemoteDigest(ctx, p.Ref())
	if err != nil {
		return p, err
	}
	if there != p.Digest {
		return p, fault.New(fault.Surroundings, "", "push %s: the engine pushed %s, the registry has %s", staging, p.Digest, there)
	}
	if err := s.pullBack(ctx, i, &p); err != nil {
		return p, err
	}
	if err := s.publish(ctx, &p); err != nil {
		return p, err
	}
	return p, report.Write(filepath.Join(s.Dist, "push.json"), p)
}

// upload pushes, again where the surroundings broke it off. Wrong credentials
// do not get better by waiting.
func (s Shop) upload(ctx context.Context, ref string, p *Pushed) error {
	progress := s.Console.Progress("push " + ref)
	digest, err := backoff.Retry(ctx, func() (string, error) {
		p.Attempts++
		digest, err := s.Engine.Push(ctx, ref)
		if err != nil && (errors.Is(err, docker.ErrDenied) || fault.Code(err) != int(fault.Surroundings)) {
			return "", backoff.Permanent(err)
		}
		return digest, err
	}, backoff.WithMaxTries(pushTries))
	if err != nil {
		progress.End("failed")
		var permanent *backoff.PermanentError
		if errors.As(err, &permanent) {
			return permanent.Unwrap()
		}
		return err
	}
	progress.End("pushed " + digest)
	p.Digest = digest
	return nil
}

// pullBack removes the local copy with all its names, pulls the image by its digest,
// gives it its names again and proves it with the same suite.
func (s Shop) pullBack(ctx context.Context, i Image, p *Pushed) error {
	old, err := s.Engine.FindImage(ctx, i.ID)
	if err != nil {
		return err
	}
	if err := s.Engine.RemoveImage(ctx, i.ID); err != nil {
		return fmt.Errorf("forget the local copy, to pull it back (stop what runs from it): %w", err)
	}
	if err := s.Engine.Pull(ctx, p.Ref()); err != nil {
		return fmt.Errorf("pull back what was pushed (go tool mage image builds the local copy again): %w", err)
	}
	for _, name := range old.Tags {
		if strings.HasSuffix(name, ":"+stagingTag) {
			continue
		}
		if err := s.Engine.Tag(ctx, p.Ref(), name); err != nil {
			return err
		}
	}
	v, err := s.prove(ctx, p.Ref())
	if err != nil {
		return err
	}
	p.Verified = v.Failed == 0
	s.Console.Say("pulled back: %s", v)
	return v.err()
}

// publish sets the tags, each by one request, and asks the registry whether it
// took them.
func (s Shop) publish(ctx context.Context, p *Pushed) error {
	for _, tag := range s.Settings.Tags {
		if err := s.Engine.SetTag(ctx, p.Ref(), tag); err != nil {
			return err
		}
		there, err := s.Engine.RemoteDigest(ctx, p.Repository+":"+tag)
		if err != nil {
			return err
		}
		if there != p.Digest {
			return fault.New(fault.Surroundings, "is somebody else pushing?", "tag %s:%s: the registry has %s, expected %s", p.Repository, tag, there, p.Digest)
		}
		p.Tags = append(p.Tags, tag)
	}
	return nil
}
