package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/report"
)

// documentLimit bounds a list or a signature, in bytes; listTimeout the wait for it.
const (
	documentLimit = 16 << 20
	listTimeout   = 20 * time.Second
)

// NewHTTP gives the client for downloads: bounded in making a connection and in
// waiting for an answer, not in the time that a large file takes.
func NewHTTP() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = listTimeout
	return &http.Client{Transport: t}
}

// get fetches a small document.
func (r Room) get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	response, err := r.request(ctx, address, 0)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, documentLimit))
	if err != nil {
		return nil, fault.Wrap(fault.Surroundings, fmt.Errorf("read %s: %w", address, err))
	}
	return text, nil
}

// request asks for a document from an offset on.
func (r Room) request(ctx context.Context, address string, from int64) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, err)
	}
	if from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	response, err := r.HTTP.Do(request)
	if err != nil {
		var outer *url.Error // says the method and the whole address again
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return nil, fault.Wrap(fault.Surroundings, fmt.Errorf("reach %s: %w", hostOf(address), err))
	}
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusPartialContent {
		response.Body.Close()
		return nil, fault.New(fault.Surroundings, "", "get %s: %s", address, response.Status)
	}
	return response, nil
}

// download fetches address to path and keeps it only if its sha256 is right. What
// a broken-off download left is gone on with.
func (r Room) download(ctx context.Context, address, path, sum string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.Wrap(fault.Surroundings, err)
	}
	part := path + ".part"
	if err := r.append(ctx, address, part); err != nil {
		return err
	}
	got, err := HashFile(part)
	if err != nil {
		return fault.Wrap(fault.Surroundings, err)
	}
	if got != sum {
		os.Remove(part)
		return fault.New(fault.Bad, "", "download %s: altered: its sha256 is %s, expected %s", address, got, sum)
	}
	return fault.Wrap(fault.Surroundings, os.Rename(part, path))
}

// append fetches what is missing of the file part.
func (r Room) append(ctx context.Context, address, part string) error {
	f, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fault.Wrap(fault.Surroundings, err)
	}
	defer f.Close()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fault.Wrap(fault.Surroundings, err)
	}
	response, err := r.request(ctx, address, have)
	if err != nil {
		if have > 0 && strings.Contains(err.Error(), "416") { // it was whole already
			return nil
		}
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK && have > 0 { // the server gives the whole again
		if err := f.Truncate(0); err != nil {
			return fault.Wrap(fault.Surroundings, err)
		}
		have = 0
	}
	progress := r.Console.Progress("download " + filepath.Base(address))
	_, err = io.Copy(f, &meter{from: response.Body, done: have, total: have + response.ContentLength, progress: progress})
	if err != nil {
		progress.End("broken off")
		return fault.Wrap(fault.Surroundings, fmt.Errorf("download %s: %w", address, err))
	}
	progress.End("downloaded")
	return nil
}

// meter tells the progress of what is read through it.
type meter struct {
	from        io.Reader
	done, total int64 // bytes
	progress    *report.Progress
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.done += int64(n)
	m.progress.Set(m.done>>20, m.total>>20, "MiB")
	return n, err
}
