package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// downloadTries is how often a mirror's download is taken up again where it broke off.
const downloadTries = 6

// download brings the file of a path, as "v6.x/linux-6.12.117.tar.xz", from the
// first mirror that gives it, and keeps it by its sha256. A kept one is hashed
// again before it is believed; what a broken-off download left is gone on with.
func (c *Client) download(ctx context.Context, file, sum string) (string, error) {
	kept := filepath.Join(c.Cache, "downloads", sum)
	if err := trust.CheckHash(kept, sum); err == nil {
		return kept, nil
	} else if trust.StateOf(err) == trust.Altered {
		c.Console.Logf("%s: the kept copy has changed since it was downloaded; fetching it anew", path.Base(file))
		os.Remove(kept)
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	var faults []error
	for _, mirror := range slices.Compact(slices.Clone(c.Config.Mirrors)) {
		err := c.from(ctx, join(mirror, file), kept, sum)
		if err == nil || ctx.Err() != nil {
			return kept, err
		}
		faults = append(faults, err)
		c.Console.Logf("%v", err)
	}
	return "", worst(fmt.Sprintf("download %s: no mirror gave it", path.Base(file)), faults)
}

// worst makes one error of those of all mirrors. That a file was altered counts
// for more than that another mirror could not be reached.
func worst(what string, faults []error) error {
	for _, err := range faults {
		if trust.StateOf(err) != "" {
			return err
		}
	}
	return fault.WithCause(fault.Network, fmt.Errorf("%s: %w", what, errors.Join(faults...)))
}

// from downloads a file from one mirror.
func (c *Client) from(ctx context.Context, address, kept, sum string) error {
	part := kept + ".part"
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = 500 * time.Millisecond
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := c.goOn(ctx, address, part)
		if err != nil && !errors.Is(err, errBrokenOff) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(downloadTries), backoff.WithNotify(func(err error, wait time.Duration) {
		c.Console.Logf("%v; going on in %s", err, report.Duration(wait))
	}))
	if err != nil {
		return err
	}
	if err := trust.CheckHash(part, sum); err != nil {
		os.Remove(part)
		return fmt.Errorf("download %s: %w", address, err)
	}
	return fault.Wrap(fault.Environment, os.Rename(part, kept))
}

// errBrokenOff is a download that ended before its end.
var errBrokenOff = errors.New("broken off")

// goOn fetches what is missing of the file part.
func (c *Client) goOn(ctx context.Context, address, part string) error {
	f, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer f.Close()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	response, err := c.request(ctx, address, have)
	if isStatus(err, http.StatusRequestedRangeNotSatisfiable) {
		return nil // it is whole already, or too long; its hash tells
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK && have > 0 { // the server gives the whole again
		if err := f.Truncate(0); err != nil {
			return fault.Wrap(fault.Environment, err)
		}
		have = 0
	}
	return c.receive(f, response, address, have)
}

// receive writes what comes to the end of the file.
func (c *Client) receive(f *os.File, response *http.Response, address string, have int64) error {
	title := "download " + path.Base(address)
	if have > 0 {
		title += fmt.Sprintf(" from %s on", report.Bytes(have))
	}
	progress := c.Console.Progress(title)
	body := &meter{from: response.Body, done: have, total: have + response.ContentLength, progress: progress}
	_, err := io.Copy(f, body)
	switch {
	case err != nil && body.err != nil:
		progress.End("broken off")
		return fault.WithCause(fault.Network, fmt.Errorf("download %s: %w: %w", address, errBrokenOff, body.err))
	case err != nil:
		progress.End("failed")
		return fault.WithCause(fault.Network, fmt.Errorf("download %s: %w", address, err))
	}
	progress.End(strings.TrimSpace("downloaded " + report.Bytes(body.done-have)))
	return nil
}

// meter tells the progress of what is read through it, and keeps the error of
// reading apart from one of writing.
type meter struct {
	from        io.Reader
	done, total int64 // bytes
	progress    *report.Progress
	err         error
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.done += int64(n)
	m.progress.Set(m.done>>20, m.total>>20, "MiB")
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	return n, err
}
