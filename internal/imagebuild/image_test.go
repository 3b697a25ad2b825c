package imagebuild

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// bare returns an empty base for an architecture.
func bare(arch string) Base {
	return Base{Config: fmt.Appendf(nil, `{"architecture":%q,"os":"linux","config":{"Env":["PATH=/bin"],"Cmd":["base"]},"rootfs":{"type":"layers","diff_ids":[]}}`, arch)}
}

// dockerfile writes a Dockerfile and returns its path.
func dockerfile(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "Dockerfile")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func readDockerfile(t *testing.T, text string) Dockerfile {
	t.Helper()
	d, err := ReadDockerfile(dockerfile(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const sampleDockerfile = "ARG BASE\nFROM ${BASE}\nARG REVISION\nLABEL rev=$REVISION\nENV A=1\nENV B=\"$A two\"\n" +
	"COPY page /srv/\nCOPY tree/ /srv/tree/\nWORKDIR /srv\nCOPY --chown=7:8 --chmod=600 page x/renamed\n" +
	"USER 101\nEXPOSE 8080\nENTRYPOINT [\"nginx\"]\nCMD -g off\n"

// sampleFiles writes the files of sampleDockerfile under a umask.
func sampleFiles(t *testing.T, umask int) string {
	t.Helper()
	defer syscall.Umask(syscall.Umask(umask))
	dir := t.TempDir()
	when := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	for _, name := range []string{"page", "tree/b", "tree/a/c", "tree/run.sh"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o666)
		if strings.HasSuffix(name, ".sh") {
			mode = 0o777
		}
		if err := os.WriteFile(path, []byte(name), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func build(t *testing.T, base Base, text, dir string) *Image {
	t.Helper()
	image, err := readDockerfile(t, text).Image(base, Input{
		Context: os.DirFS(dir), Args: map[string]string{"REVISION": "abc"}, Labels: map[string]string{"kiln": "site"},
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("here", 3600)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestSameInputsSameDigest(t *testing.T) {
	one, two := build(t, bare("amd64"), sampleDockerfile, sampleFiles(t, 0o022)), build(t, bare("amd64"), sampleDockerfile, sampleFiles(t, 0o077))
	a, err := Digest(one)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := Digest(two); err != nil || a != b {
		t.Errorf("got %s and %s, %v", a, b, err)
	}
	if err := validate.Image(one); err != nil {
		t.Error(err)
	}
	arm, err := Digest(build(t, bare("arm64"), sampleDockerfile, sampleFiles(t, 0o022)))
	if err != nil || arm == a {
		t.Errorf("for a different platform: got %s, %v", arm, err)
	}
}

func TestConfigAndLayer(t *testing.T) {
	image := build(t, bare("amd64"), sampleDockerfile, sampleFiles(t, 0o022))
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(file.Config)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Cmd":["/bin/sh","-c","-g off"],"Entrypoint":["nginx"],"Env":["PATH=/bin","A=1","B=1 two"],` +
		`"Labels":{"kiln":"site","rev":"abc"},"User":"101","WorkingDir":"/srv","ExposedPorts":{"8080/tcp":{}}}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	body, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	var got []string
	for in := tar.NewReader(body); ; {
		head, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%o %d:%d %s", head.Mode, head.Uid, head.Gid, head.Name))
		hour := 3
		if head.Typeflag == tar.TypeDir { // created when the image was, see build
			hour = 2
		}
		if !head.ModTime.Equal(time.Date(2026, 1, 2, hour, 4, 5, 0, time.UTC)) {
			t.Errorf("%s: got time %s", head.Name, head.ModTime)
		}
	}
	const files = `755 0:0 srv/
644 0:0 srv/page
755 0:0 srv/tree/
755 0:0 srv/tree/a/
644 0:0 srv/tree/a/c
644 0:0 srv/tree/b
755 0:0 srv/tree/run.sh
755 0:0 srv/x/
600 7:8 srv/x/renamed`
	if list := strings.Join(got, "\n"); list != files {
		t.Errorf("got\n%s\nwant\n%s", list, files)
	}
}

func TestUnsupportedCommandsAreNamedByLine(t *testing.T) {
	const head = "ARG BASE\nFROM ${BASE}\n"
	for name, tc := range map[string]struct{ text, want string }{
		"run":           {head + "RUN apk add curl\n", "Dockerfile:3: RUN"},
		"add":           {head + "ADD x /y\n", "Dockerfile:3: ADD"},
		"stages":        {head + "FROM ${BASE}\n", "Dockerfile:3: expected one FROM, got 2"},
		"from a stage":  {head + "COPY --from=x a /b\n", "Dockerfile:3: COPY"},
		"fixed base":    {"FROM alpine\n", `Dockerfile:1: expected FROM ${BASE}, got "FROM alpine"`},
		"no such file":  {head + "COPY none /x\n", "Dockerfile:3: COPY none: no such file"},
		"owner by name": {head + "COPY --chown=nginx page /x\n", "Dockerfile:3: COPY --chown=nginx: expected numbers"},
		"typo":          {head + "COPPY a b\n", "unknown instruction: COPPY"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "Dockerfile")
			if err := os.WriteFile(file, []byte(tc.text), 0o644); err != nil {
				t.Fatal(err)
			}
			d, err := ReadDockerfile(file)
			if err == nil {
				_, err = d.Image(bare("amd64"), Input{Context: os.DirFS(sampleFiles(t, 0o022))})
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || fault.Code(err) != int(fault.Usage) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestLintNamesTheLine(t *testing.T) {
	warnings, err := readDockerfile(t, "ARG BASE\nFROM ${BASE} as x\n").Lint()
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "Dockerfile:2: ") || !strings.Contains(warnings[0], "FromAsCasing") {
		t.Errorf("got %q, %v", warnings, err)
	}
}

func TestLayerIsCompressedOnce(t *testing.T) {
	cache := FolderCache(t.TempDir())
	opened := 0
	layer := func() *Layer {
		l := build(t, bare("amd64"), sampleDockerfile, sampleFiles(t, 0o022)).layers[0].(*Layer)
		body, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return NewLayer(l.diffID, func() (io.ReadCloser, error) {
			opened++
			return io.NopCloser(bytes.NewReader(text)), nil
		}, cache)
	}
	one, err := layer().Digest()
	if err != nil {
		t.Fatal(err)
	}
	two, err := layer().Digest()
	if err != nil || one != two || opened != 1 {
		t.Errorf("got %s and %s, opened %d times, %v", one, two, opened, err)
	}
}

func TestIndexHasEachPlatformOnce(t *testing.T) {
	dir := sampleFiles(t, 0o022)
	amd, arm := build(t, bare("amd64"), sampleDockerfile, dir), build(t, bare("arm64"), sampleDockerfile, dir)
	index, err := Index(amd, arm)
	if err != nil {
		t.Fatal(err)
	}
	text, err := index.RawManifest()
	if err != nil || !bytes.Contains(text, []byte(`"architecture":"arm64"`)) || !bytes.Contains(text, []byte(`"architecture":"amd64"`)) {
		t.Errorf("got %s, %v", text, err)
	}
	if _, err := Index(amd, amd); err == nil {
		t.Error("no error for two images of one platform")
	}
}
