package suite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestHealthCheckThatCannotRun is no failure: an image may have none, and the stand-in of a
// base may lack a program that the base has.
func TestHealthCheckThatCannotRun(t *testing.T) {
	noCurl := fmt.Errorf("%w: curl", ErrNoTool)
	for name, tc := range map[string]struct {
		err                    error
		standIn                bool
		checks, skipped, noted int
		failed                 bool
	}{
		"none":            {err: ErrNoHealthCheck, noted: 1},
		"stand-in":        {err: noCurl, standIn: true, skipped: 1},
		"the base itself": {err: noCurl, checks: 1, failed: true},
		"fails, stand-in": {err: errors.New("exit status 1"), standIn: true, checks: 1, failed: true},
		"succeeds":        {checks: 1},
	} {
		r := &runner{site: newIndex(Expectation{StandIn: tc.standIn})}
		checkImageHealth(t.Context(), r, container{unhealthy: tc.err})
		failed := len(r.checks) > 0 && !r.checks[0].Passed
		if len(r.checks) != tc.checks || len(r.unknown) != tc.skipped || len(r.notes) != tc.noted || failed != tc.failed {
			t.Errorf("%s: %+v, %+v, %q", name, r.checks, r.unknown, r.notes)
		}
	}
}

// listing is a container whose folder has one entry.
type listing struct {
	Target
	entry Entry
}

func (l listing) List(context.Context, string) ([]Entry, error) { return []Entry{l.entry}, nil }

// TestOwnerOfTheDockerfile accepts the owner that COPY --chown names, and notes it.
func TestOwnerOfTheDockerfile(t *testing.T) {
	site := Expectation{Roots: []string{"/srv/site"}, Files: []File{{Path: "/srv/site/a.html", UID: 101, GID: 102}}}
	for uid, passed := range map[int]bool{0: false, 101: true, 33: false} { // of the group 102
		r := &runner{site: newIndex(site)}
		checkFolderFiles(t.Context(), r, listing{entry: Entry{Name: "a.html", Mode: 0o644, UID: uid, GID: 102}})
		if got := r.checks[0]; got.Passed != passed || len(r.notes) != 1 || !strings.Contains(r.notes[0], "101:102") {
			t.Errorf("%d: %+v, %q", uid, got, r.notes)
		}
	}
}

// TestPagesOfTheBase are no files of somebody else: the Dockerfile cannot remove them.
func TestPagesOfTheBase(t *testing.T) {
	for name, passed := range map[string]bool{"/var/www/html/index.nginx-debian.html": true, "/usr/share/nginx/html/50x.html": true, "/usr/share/nginx/html/x.html": false} {
		folder, file := name[:strings.LastIndex(name, "/")], name[strings.LastIndex(name, "/")+1:]
		r := &runner{site: newIndex(Expectation{Roots: []string{folder}})}
		checkFolderFiles(t.Context(), r, listing{entry: Entry{Name: file, Mode: 0o644}})
		if got := r.checks[len(r.checks)-1]; got.Passed != passed {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
