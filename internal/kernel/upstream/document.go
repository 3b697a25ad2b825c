package upstream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Document is a small document of kernel.org, as cached.
type Document struct {
	URL     string    `json:"url"`
	Fetched time.Time `json:"fetched"`
	Text    []byte    `json:"text"`
	// FetchError is why the document could not be fetched now: then it is the one that was
	// fetched before. It is nil for a document that is as fresh as requested.
	FetchError error `json:"-"`
}

// Offline is the maximum age that accepts a cached document of any age and fetches nothing.
const Offline time.Duration = -1

// ErrNotCached is the error of Offline for a document that is not cached.
var ErrNotCached = errors.New("not cached")

// document returns a document that is no older than maxAge: the cached one, or a fetched
// one. One that check rejects is an error and is not cached. When the host cannot be reached
// document returns the cached one of any age, with FetchError set.
func (c *Client) document(ctx context.Context, address string, maxAge time.Duration, check func([]byte) error) (Document, error) {
	path := c.documentPath(address)
	var cached Document
	have := report.Read(path, &cached) == nil && cached.URL == address && check(cached.Text) == nil
	switch {
	case have && (maxAge == Offline || c.Now().Sub(cached.Fetched) < maxAge):
		return cached, nil
	case maxAge == Offline:
		return Document{}, ErrNotCached
	}
	text, err := c.get(ctx, address)
	if err != nil {
		if have && ctx.Err() == nil && fault.Code(err) == int(fault.Environment) {
			cached.FetchError = err
			return cached, nil
		}
		return Document{}, err
	}
	if err := check(text); err != nil {
		return Document{}, fault.WithCause(fault.Network, fmt.Errorf("read %s: %w", address, err))
	}
	d := Document{URL: address, Fetched: c.Now().UTC(), Text: text}
	return d, report.Write(path, d)
}

func (c *Client) documentPath(address string) string {
	sum := sha256.Sum256([]byte(address))
	return filepath.Join(c.Cache, "documents", hex.EncodeToString(sum[:8])+".json")
}
