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

// Document is a small document of kernel.org's.
type Document struct {
	URL     string    `json:"url"`
	Fetched time.Time `json:"fetched"`
	Text    []byte    `json:"text"`
	// Down says why the document could not be fetched now: then it is the one that
	// was fetched before. It is nil for one that is as fresh as was asked for.
	FetchError error `json:"-"`
}

// Offline asks for what is kept, of whatever age: nothing is fetched.
const Offline time.Duration = -1

// ErrNotCached is the error where nothing is.
var ErrNotCached = errors.New("it was never fetched")

// document fetches a document, unless one that is no older than fresh is kept. One
// that check objects to is an error and is not kept. When its host cannot be
// reached the kept one serves, and says so in Down.
func (c *Client) document(ctx context.Context, address string, fresh time.Duration, check func([]byte) error) (Document, error) {
	path := c.documentPath(address)
	var kept Document
	have := report.Read(path, &kept) == nil && kept.URL == address && check(kept.Text) == nil
	switch {
	case have && (fresh == Offline || c.Now().Sub(kept.Fetched) < fresh):
		return kept, nil
	case fresh == Offline:
		return Document{}, ErrNotCached
	}
	text, err := c.get(ctx, address)
	if err != nil {
		if have && ctx.Err() == nil && fault.Code(err) == int(fault.Environment) {
			kept.FetchError = err
			return kept, nil
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
