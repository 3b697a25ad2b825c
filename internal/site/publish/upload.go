package publish

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/registry"
)

// maxUploads bounds how often an upload is tried that an environment problem interrupts.
const maxUploads = 4

// propagationTimeout bounds the wait for a registry to find what it has just accepted.
const propagationTimeout = 15 * time.Second

// upload pushes, retries after environment problems, and waits until the registry finds
// what it accepted. Refused credentials are not tried a second time.
func (p *pusher) upload(ctx context.Context, ref string, what imagebuild.Pushable) error {
	progress := p.Console.Progress("push " + ref)
	_, err := backoff.Retry(ctx, func() (string, error) {
		p.result.Attempts++
		digest, err := p.Registry.Upload(ctx, ref, what)
		if err != nil && (errors.Is(err, registry.ErrDenied) || fault.Code(err) != int(fault.Environment)) {
			return "", backoff.Permanent(err)
		}
		return digest, err
	}, backoff.WithMaxTries(maxUploads))
	if err == nil {
		err = p.awaitDigest(ctx, ref)
	}
	if err != nil {
		progress.End("failed")
		return withoutPermanent(err)
	}
	progress.End("pushed " + p.result.Digest)
	return nil
}

// errMoved means that a tag resolves to a different digest than the one that was pushed.
var errMoved = errors.New("the tag resolves to a different digest")

// awaitDigest waits until a registry resolves a name to the pushed digest: one may find
// what it accepted only after a moment, or resolve the name as before for a moment.
func (p *pusher) awaitDigest(ctx context.Context, ref string) error {
	got, err := backoff.Retry(ctx, func() (string, error) {
		got, err := p.Registry.Digest(ctx, ref)
		switch {
		case err != nil && !errors.Is(err, registry.ErrNotFound):
			return got, backoff.Permanent(err)
		case err == nil && got != p.result.Digest:
			err = errMoved
		}
		return got, err
	}, backoff.WithMaxElapsedTime(propagationTimeout))
	switch {
	case errors.Is(err, errMoved):
		return fault.New(fault.Environment, "check whether somebody else pushes to this tag", "push %s: the registry has %s, expected %s", ref, got, p.result.Digest)
	case errors.Is(err, registry.ErrNotFound):
		return fault.New(fault.Environment, "push again: go tool mage push", "push %s: the registry accepted it, but does not find it %s later", ref, propagationTimeout)
	}
	return withoutPermanent(err)
}

// withoutPermanent returns the error that backoff marks as permanent, without the mark.
func withoutPermanent(err error) error {
	var permanent *backoff.PermanentError
	if errors.As(err, &permanent) {
		return permanent.Unwrap()
	}
	return err
}
