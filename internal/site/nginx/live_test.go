package nginx

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// live is a container in which a server of Nginx runs for each configuration.
type live struct {
	*engine.Container
}

// client sends requests as they are, and prints answers as they come. It reads port and
// length of each request in a line of their own.
const client = `use Socket; binmode STDIN; binmode STDOUT; $| = 0;
while (defined(my $head = <STDIN>)) {
	my ($port, $length) = split / /, $head;
	read(STDIN, my $request, $length);
	my $answer = "";
	socket(my $s, PF_INET, SOCK_STREAM, 0);
	if (connect($s, sockaddr_in($port, inet_aton("127.0.0.1")))) {
		syswrite($s, $request);
		while (sysread($s, my $part, 65536)) { $answer .= $part }
	} else { $answer = "no connection\n" }
	close($s);
	print length($answer), "\n", $answer;
}`

// liveImage returns the image whose Nginx the model is compared with: the base that sites are
// tested on, or the one that KILN_TEST_NGINX names.
func liveImage(t testing.TB, e *engine.Client) string {
	if image := os.Getenv("KILN_TEST_NGINX"); image != "" {
		return image
	}
	got, err := base.Provider{Engine: e, Console: report.New(t.Output(), t.Output(), ""), Environ: os.Environ()}.Get(t.Context(), "registry.invalid/nginx:1.30-alpine-slim")
	if err != nil {
		t.Fatal(err)
	}
	return got.ID
}

// startLive starts a container with the files of the tree.
func startLive(t testing.TB) live {
	t.Helper()
	e := enginetest.Engine(t)
	ctr, err := e.Run(t.Context(), engine.Spec{Image: liveImage(t, e), Kind: "test", Command: []string{"sleep", "600"}, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ctr.Remove() })
	l := live{ctr}
	files := map[string]string{}
	for name, text := range tree {
		files["srv/site/"+name] = text
	}
	files["etc/nginx/mime.types"] = mimeTypes(t)
	files["etc/nginx/passwords"] = "user:{PLAIN}secret\n"
	l.put(t, files)
	return l
}

// put writes files, with the folders that they are in.
func (l live) put(t testing.TB, files map[string]string) {
	t.Helper()
	made := map[string]bool{".": true, "etc": true, "srv": true, "tmp": true, "etc/nginx": true}
	var list []engine.File
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var folder func(string)
	folder = func(dir string) {
		if !made[dir] {
			made[dir] = true
			folder(path.Dir(dir))
			list = append(list, engine.File{Name: dir, Mode: fs.ModeDir | 0o755})
		}
	}
	for _, name := range names {
		folder(path.Dir(name))
		list = append(list, engine.File{Name: name, Mode: 0o644, Size: int64(len(files[name])), Body: strings.NewReader(files[name])})
	}
	if err := l.Put(t.Context(), "/", list...); err != nil {
		t.Fatal(err)
	}
}

// firstPort is the port of the first configuration; each has one of its own.
const firstPort = 9000

// run starts a server for each configuration, whose text has listen 8080. It returns what
// Nginx says of those that it refuses.
func (l live) run(t testing.TB, configs []string) (refused map[int]string) {
	t.Helper()
	files := map[string]string{}
	for i, text := range configs {
		files[fmt.Sprintf("tmp/live/%04d.conf", i)] = withPort(text, i)
	}
	l.put(t, files)
	var out bytes.Buffer
	script := `start() { n=$(basename $1 .conf); text=$(nginx -c $1 -e /dev/null -g "pid /tmp/live/$n.pid;" 2>&1) || echo "$n" $text; }
		for f in /tmp/live/*.conf; do start $f & done; wait`
	if err := l.Exec(t.Context(), engine.Command{Argv: []string{"sh", "-c", script}, Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	refused = map[int]string{}
	for line := range strings.Lines(out.String()) {
		number, text, ok := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.Atoi(number); ok && err == nil && strings.Contains(text, "[emerg]") {
			refused[n] = text
		}
	}
	return refused
}

func withPort(text string, i int) string {
	return strings.ReplaceAll(text, "8080", strconv.Itoa(firstPort+i))
}

// question is a request to one of the servers.
type question struct {
	server int
	Request
}

// answerOf is what a server answered.
type answerOf struct {
	*http.Response        // nil where it closed the connection
	body           []byte // as sent
}

// ask sends all requests and returns the answers in their order.
func (l live) ask(t testing.TB, questions []question) []answerOf {
	t.Helper()
	var in, out bytes.Buffer
	for _, q := range questions {
		var request bytes.Buffer
		fmt.Fprintf(&request, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", q.Method, q.Target, q.Host)
		q.Header.Write(&request)
		request.WriteString("\r\n")
		fmt.Fprintf(&in, "%d %d\n%s", firstPort+q.server, request.Len(), request.Bytes())
	}
	if err := l.Exec(t.Context(), engine.Command{Argv: []string{"perl", "-e", client}, Stdin: &in, Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(&out)
	answers := make([]answerOf, len(questions))
	for i, q := range questions {
		line, err := reader.ReadString('\n')
		if err != nil {
			t.Fatalf("read answer %d of %d: %v", i, len(questions), err)
		}
		n, _ := strconv.Atoi(strings.TrimSpace(line))
		raw := make([]byte, n)
		if _, err := io.ReadFull(reader, raw); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			continue
		}
		r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), &http.Request{Method: q.Method, URL: &url.URL{}})
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", q.Method, q.Target, err, raw)
		}
		body, _ := io.ReadAll(r.Body)
		answers[i] = answerOf{r, body}
	}
	return answers
}

// differences returns what a prediction says that is not so.
func differences(q question, p Prediction, got answerOf) (list []string) {
	unknown := map[string]bool{}
	for _, u := range p.Unknown {
		unknown[u.What] = true
	}
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	switch {
	case unknown["answer"]:
		return nil
	case p.Closed != (got.Response == nil):
		say("closed: predicted %v", p.Closed)
		return list
	case p.Closed:
		return nil
	case p.Status != got.StatusCode && !unknown["status"]:
		say("status: predicted %d, got %d", p.Status, got.StatusCode)
	}
	for name, values := range p.Headers {
		if actual := got.Header.Values(name); !slices.Equal(values, actual) {
			say("%s: predicted %q, got %q", name, values, actual)
		}
	}
	for _, name := range p.Present {
		if actual := got.Header.Values(name); len(actual) != 1 || actual[0] == "" {
			say("%s: predicted to be there, got %q", name, actual)
		}
	}
	body := string(got.body)
	switch {
	case unknown["body"] || q.Method == "HEAD" || slices.Contains(got.TransferEncoding, "chunked") && got.Header.Get("Content-Encoding") == "gzip":
	case p.File != "" && tree[strings.TrimPrefix(p.File, "/srv/site/")] != body:
		say("body: predicted %s, got %.60q", p.File, body)
	case p.Text != nil && *p.Text != body:
		say("body: predicted %q, got %.60q", *p.Text, body)
	case p.Generated != (strings.HasPrefix(body, "<html>\r\n<head><title>") && p.File == "" && p.Text == nil):
		say("generated: predicted %v, got %.60q", p.Generated, body)
	}
	return list
}

// liveTree is the tree of the container, as the model sees it.
type liveTree struct{}

func (liveTree) Stat(p string) Kind {
	name, ok := strings.CutPrefix(p, "/srv/site")
	switch {
	case p == "/srv" || p == "/":
		return Folder
	case !ok || name != "" && name[0] != '/':
		return Unlisted
	case name == "":
		return Folder
	}
	if _, ok := tree[name[1:]]; ok {
		return File
	}
	for n := range tree {
		if strings.HasPrefix(n, name[1:]+"/") {
			return Folder
		}
	}
	return Absent
}

func (liveTree) Size(p string) (int64, bool) {
	text, ok := tree[strings.TrimPrefix(p, "/srv/site/")]
	return int64(len(text)), ok
}

// completeFS is a file system with every file of the image.
type completeFS struct{ fstest.MapFS }

func (completeFS) Complete() bool { return true }

// readLive reads the configuration of a server.
func readLive(t testing.TB, text string, i int) (*Config, error) {
	return Read(completeFS{fstest.MapFS{"etc/nginx/kiln.conf": {Data: []byte(withPort(text, i))}, "etc/nginx/mime.types": {Data: []byte(mimeTypes(t))}}}, "etc/nginx/kiln.conf", func(p string) string { return path.Base(p) })
}
