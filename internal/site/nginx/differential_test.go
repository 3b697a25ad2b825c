package nginx

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// wrapped returns a complete configuration whose http block has a text.
func wrapped(text string) string {
	return "worker_processes 1;\ndaemon on;\nevents { worker_connections 64; }\nhttp {\n    access_log off;\n    map_hash_bucket_size 256;\n" + text + "}\n"
}

// mimeTypes returns the types that configurations include.
func mimeTypes(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../../site/mime.types")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// configurations returns those of testdata/configs, by name.
func configurations(t testing.TB) (names []string, texts []string) {
	t.Helper()
	files, err := filepath.Glob("testdata/configs/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no configurations: %v", err)
	}
	for _, f := range files {
		archive, err := txtar.ParseFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range archive.Files {
			names = append(names, c.Name)
			texts = append(texts, wrapped(string(c.Data)))
		}
	}
	return names, texts
}

// TestModelAgreesWithNginx compares what the model predicts of configurations as people write
// them with what Nginx answers.
func TestModelAgreesWithNginx(t *testing.T) {
	names, texts := configurations(t)
	l := startLive(t)
	refused := l.run(t, texts)
	var questions []question
	var predictions []Prediction
	for i, text := range texts {
		if strings.Contains(refused[i], `unknown directive "add_header_inherit"`) {
			t.Logf("%s: this nginx is older than 1.29.3: not compared", names[i])
			continue
		}
		c, err := readLive(t, text, i)
		if err != nil || refused[i] != "" {
			t.Errorf("%s: %v, nginx: %s", names[i], err, refused[i])
			continue
		}
		for n, r := range allRequests() {
			if (n+i)%2 == 1 && n < len(targets) { // half of the targets each
				continue
			}
			r.Host = withPort(r.Host, i)
			questions = append(questions, question{i, r})
			predictions = append(predictions, c.Predict(liveTree{}, r))
		}
	}
	wrong, sure, unknown := 0, 0, map[string]int{}
	for i, got := range l.ask(t, questions) {
		q := questions[i]
		if len(predictions[i].Unknown) == 0 {
			sure++
		}
		for _, u := range predictions[i].Unknown {
			unknown[u.Construct+": "+u.What+": "+u.Why]++
		}
		if list := differences(q, predictions[i], got); len(list) > 0 {
			if wrong++; wrong < 60 {
				t.Errorf("%s: %s %s (host %s, %v):\n  %s", names[q.server], q.Method, q.Target, q.Host, q.Header, strings.Join(list, "\n  "))
			}
		}
	}
	t.Logf("%d configurations, %d requests, %d wholly predicted, %d disagreements", len(texts), len(questions), sure, wrong)
	for _, k := range slices.Sorted(maps.Keys(unknown)) {
		t.Logf("unknown %4d %s", unknown[k], k)
	}
	if len(texts) < 60 || len(questions) < 5000 {
		t.Errorf("only %d configurations and %d requests were compared", len(texts), len(questions))
	}
}
