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

// How often an interrupted download from one mirror is resumed.
const (
	downloadTries = 6 // attempts in all
	idleTries     = 2 // attempts in a row that get no byte: such a server does not recover in seconds
)

// download downloads a file, as "v6.x/linux-6.12.117.tar.gz", from the first mirror that
// serves it and caches it by its sha256. It checks the hash of a cached file each time and
// resumes an interrupted download.
func (c *Client) download(ctx context.Context, file, sum string) (string, error) {
	cached := filepath.Join(c.Cache, "downloads", sum)
	if err := trust.CheckHash(cached, sum); err == nil {
		return cached, nil
	} else if trust.StateOf(err) == trust.Altered {
		c.Console.Logf("%s: the cached copy was altered since it was downloaded; downloading it again", path.Base(file))
		os.Remove(cached)
	}
	if err := os.MkdirAll(filepath.Dir(cached), 0o755); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	var errs []error
	for _, mirror := range slices.Compact(slices.Clone(c.Config.Mirrors)) {
		err := c.from(ctx, join(mirror, file), cached, sum)
		if err == nil || ctx.Err() != nil {
			return cached, err
		}
		errs = append(errs, err)
		c.Console.Logf("%v", err)
	}
	return "", worst(fmt.Sprintf("download %s: no mirror served it", path.Base(file)), errs)
}

// worst returns one error for those of all mirrors: a failed verification if there is one,
// which matters more than a mirror that could not be reached.
func worst(what string, errs []error) error {
	for _, err := range errs {
		if trust.StateOf(err) != "" {
			return err
		}
	}
	return fault.WithCause(fault.Network, fmt.Errorf("%s: %w", what, errors.Join(errs...)))
}

// from downloads a file with that sha256 from one mirror to dest.
func (c *Client) from(ctx context.Context, address, dest, sum string) error {
	part := dest + ".part"
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = 500 * time.Millisecond
	idle := 0
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		got, err := c.resume(ctx, address, part)
		if idle++; got > 0 {
			idle = 0
		}
		if err != nil && (!errors.Is(err, errInterrupted) || idle == idleTries) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(downloadTries), backoff.WithNotify(func(err error, wait time.Duration) {
		c.Console.Logf("%v; resuming in %s", err, report.Duration(wait))
	}))
	if err != nil {
		return err
	}
	if err := trust.CheckHash(part, sum); err != nil {
		os.Remove(part)
		return fmt.Errorf("download %s: %w", address, err)
	}
	return fault.Wrap(fault.Environment, os.Rename(part, dest))
}

// errInterrupted is the cause of a download that ended early.
var errInterrupted = errors.New("interrupted")

// resume downloads what is missing of the file part, and returns how many bytes it got.
func (c *Client) resume(ctx context.Context, address, part string) (got int64, err error) {
	f, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return 0, fault.Wrap(fault.Environment, err)
	}
	defer f.Close()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, fault.Wrap(fault.Environment, err)
	}
	response, err := c.request(ctx, address, have)
	if isStatus(err, http.StatusRequestedRangeNotSatisfiable) {
		return 0, nil // it is complete, or too long: its hash decides
	}
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK && have > 0 { // the server sends all of it
		if err := f.Truncate(0); err != nil {
			return 0, fault.Wrap(fault.Environment, err)
		}
		have = 0
	}
	return c.receive(f, response, address, have)
}

// receive appends a response's body to the file, which has have bytes already, and returns how
// many bytes it got.
func (c *Client) receive(f *os.File, response *http.Response, address string, have int64) (got int64, err error) {
	title := "download " + path.Base(address)
	if have > 0 {
		title += fmt.Sprintf(" from %s", report.Bytes(have))
	}
	progress := c.Console.Progress(title)
	body := &meter{from: response.Body, done: have, total: have + response.ContentLength, progress: progress}
	got, err = io.Copy(f, body)
	switch {
	case err != nil && body.err != nil:
		progress.End("interrupted")
		return got, fault.WithCause(fault.Network, fmt.Errorf("download %s: %w: %w", address, errInterrupted, body.err))
	case err != nil:
		progress.End("failed") // to write
		return got, fault.Wrap(fault.Environment, fmt.Errorf("download %s: %w", address, err))
	}
	progress.End(strings.TrimSpace("downloaded " + report.Bytes(body.done-have)))
	return got, nil
}

// meter reports the progress of what is read through it, and keeps an error of reading
// apart from one of writing.
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
