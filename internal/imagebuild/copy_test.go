package imagebuild

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/buildcontext"
)

const dockerfileHead = "ARG BASE\nFROM ${BASE}\n"

// contextOf returns the context of a folder with files: names and texts.
func contextOf(t testing.TB, files map[string]string) *buildcontext.Context {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ignore, err := buildcontext.ReadIgnore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return buildcontext.New(dir, ignore, time.Unix(1e9, 0))
}

// imageOf builds a Dockerfile on an empty base, and returns the files of its layer.
func imageOf(t testing.TB, text string, context *buildcontext.Context) (map[string]string, error) {
	t.Helper()
	d, err := ReadDockerfile(dockerfile(t, text))
	if err != nil {
		return nil, err
	}
	image, err := d.Image(bare("amd64"), Input{Context: context})
	if err != nil {
		return nil, err
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	body, err := layers[0].Uncompressed()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return untar(body)
}

func untar(r io.Reader) (map[string]string, error) {
	found := map[string]string{}
	for in := tar.NewReader(r); ; {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		if head.Typeflag == tar.TypeReg {
			found[head.Name] = string(text)
		}
	}
}

// oddNames are names that files have, and that one part or another of a path to the server
// may take for something else.
var oddNames = []string{
	"caf\xe9.html", "\xff\xfe", "caf\u00e9.html", "cafe\u0301.html", "line\nbreak", "tab\there", "\x01\x7f", `back\slash`, `C:\x`, "a:b", "a?b=c", "100%", "%41",
	"a&b", "a#b", "ends in a dot.", "ends in a blank ", " begins with one", "what's-new", `"quoted"`, "$request_uri", "*", "[id]", "{x}", "c++", "Mercury_(planet)",
	"~tilde", "-rf", "a;b", "<b>", "README", "readme", "\u202eright-to-left", strings.Repeat("n", 255), strings.Repeat("\u043a", 127),
	"deep/" + strings.Repeat(strings.Repeat("d", 200)+"/", 12) + "x",
}

func TestNamesOfAnyBytesAreCopied(t *testing.T) {
	files := map[string]string{}
	for i, name := range oddNames {
		files["content/"+name] = fmt.Sprint(i)
	}
	got, err := imageOf(t, dockerfileHead+"COPY content/ /srv/\n", contextOf(t, files))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range oddNames {
		if text, ok := got["srv/"+name]; !ok || text != fmt.Sprint(i) {
			t.Errorf("%q: got %q, %v", name, text, ok)
		}
	}
}

func TestWholeFolderIsTheContext(t *testing.T) {
	context := contextOf(t, map[string]string{
		"snippets/a.conf": "a", "snippets/deep/b.conf": "b", "error.html": "e", "html/x.html": "x", "html/y.txt": "y", "[odd].conf": "o",
	})
	got, err := imageOf(t, dockerfileHead+"COPY snippets/ /etc/nginx/snippets/\nCOPY error.html /srv/\nCOPY html/*.html /srv/html/\nCOPY [odd].conf /etc/odd\n", context)
	if want := "map[etc/nginx/snippets/a.conf:a etc/nginx/snippets/deep/b.conf:b etc/odd:o srv/error.html:e srv/html/x.html:x]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestCopyOfWhatIsLeftOut(t *testing.T) {
	files := map[string]string{".dockerignore": "# ours\n*.conf\n", "nginx.conf": "x", "x/.wh.y": "z"}
	for text, wants := range map[string][]string{
		"COPY nginx.conf /etc/\n": {"Dockerfile:3: COPY nginx.conf: .dockerignore:2 (*.conf) leaves it out", "add the line !nginx.conf"},
		"COPY *.conf /etc/\n":     {"Dockerfile:3: COPY *.conf: .dockerignore:2 (*.conf) leaves it out"},
		"COPY none.conf /etc/\n":  {"Dockerfile:3: COPY none.conf: no such file"},
		"COPY x/ /etc/\n":         {"Dockerfile:3: COPY to /etc/.wh.y: a layer removes a file by this name"},
	} {
		_, err := imageOf(t, dockerfileHead+text, contextOf(t, files))
		for _, want := range wants {
			if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %v, want %q", text, err, want)
			}
		}
	}
}

// FuzzDockerfile requires that no Dockerfile ends in a panic, and that what is wrong with one
// is a usage error.
func FuzzDockerfile(f *testing.F) {
	for _, text := range []string{
		sampleDockerfile, dockerfileHead + "COPY --chown=7 --chmod=0644 [\"a b\", \"/c\"]\nHEALTHCHECK CMD x\n", "# escape=`\nARG BASE\nFROM ${BASE}\nENV A=`\n b\n",
		dockerfileHead + "COPY <<E /x\nE\n", dockerfileHead + "EXPOSE 1-3/udp\nVOLUME a b\nWORKDIR x/${Y:-z}\nCOPY * .\nSHELL [\"sh\"]\nCMD\n", "FROM ${BASE} AS x\nRUN x\n",
	} {
		f.Add(text)
	}
	context := contextOf(f, map[string]string{"page": "x", "tree/a": "y"})
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := imageOf(t, text, context); err != nil && fault.Code(err) != int(fault.Usage) {
			t.Errorf("exit code %d: %v", fault.Code(err), err)
		}
	})
}

// FuzzNames requires that a layer keeps every name that a file can have.
func FuzzNames(f *testing.F) {
	for _, name := range oddNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if strings.Contains(name, "\x00") || path.Clean("/"+name) != "/"+name || name == "" || len(name) > 4000 || strings.HasPrefix(path.Base(name), whiteout) {
			return
		}
		list := files{"srv/" + name: {source: "x", size: 1, mode: 0o644, time: time.Unix(1e9, 0)}}
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(list.write(writer, contextOf(t, map[string]string{"x": "1"}))) }()
		if got, err := untar(reader); err != nil || got["srv/"+name] != "1" {
			t.Errorf("%q: got %q, %v", name, got, err)
		}
	})
}
