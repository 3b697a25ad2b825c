package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// folder returns a new folder with the files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBuildWithSession(t *testing.T) {
	e := realEngine(t)
	if !e.buildKit {
		t.Skip("SKIPPED: the engine has no BuildKit sessions")
	}
	dir := folder(t, map[string]string{
		"страница.txt": "hello",
		"Dockerfile": "FROM " + scratchImage(t, e) + `
COPY страница.txt /page
RUN --mount=type=secret,id=token --mount=type=cache,target=/cache test "$(cat /run/secrets/token)" = secret-token && touch /cache/x
RUN test ! -e /run/secrets/token
`})
	spec := Build{Kind: "test", Context: dir, Tags: []string{"kiln/test:session"}, Secrets: map[string][]byte{"token": []byte("secret-token")}}
	id, err := e.Build(t.Context(), spec, console(t))
	if err != nil {
		t.Fatal(err)
	}
	defer e.RemoveImage(t.Context(), id)
	second, err := e.Build(t.Context(), spec, console(t))
	if err != nil || second != id {
		t.Errorf("second build: got %s, %v, want %s", second, err, id)
	}
}

func TestClassicBuild(t *testing.T) {
	e := realEngine(t)
	e.buildKit = false // as with Podman
	dir := folder(t, map[string]string{
		".dockerignore": "secret*",
		"secret.txt":    "no",
		"page.txt":      "yes",
		"Dockerfile": "FROM " + scratchImage(t, e) + "\nCOPY . /all/\n" +
			"RUN --mount=type=cache,target=/cache --mount=type=cache,target=/more,sharing=locked test -e /all/page.txt && test ! -e /all/secret.txt\n",
	})
	id, err := e.Build(t.Context(), Build{Kind: "test", Context: dir, Tags: []string{"kiln/test:classic"}}, console(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.RemoveImage(t.Context(), id); err != nil {
		t.Error(err)
	}
}

func TestFailedBuildReturnsItsLog(t *testing.T) {
	e := realEngine(t)
	for _, buildKit := range []bool{true, false} {
		e.buildKit = buildKit
		dir := folder(t, map[string]string{"Dockerfile": "FROM " + scratchImage(t, e) + "\nRUN echo the reason is $((6*7)) && exit 3\n"})
		_, err := e.Build(t.Context(), Build{Name: "broken", Kind: "test", Context: dir}, console(t))
		if fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), "the reason is 42") {
			t.Errorf("BuildKit %v: got %v", buildKit, err)
		}
	}
}

func TestFindImageReturnsErrNoImage(t *testing.T) {
	if _, err := realEngine(t).FindImage(t.Context(), "kiln/test:never"); !errors.Is(err, ErrNoImage) {
		t.Errorf("got %v", err)
	}
}

func TestHasSessionsIsStable(t *testing.T) {
	e := realEngine(t)
	if !e.buildKit {
		t.Skip("SKIPPED: the engine has no BuildKit sessions")
	}
	for range 20 {
		if !hasSessions(t.Context(), e.api) {
			t.Fatal("got false for an engine with sessions")
		}
	}
}
