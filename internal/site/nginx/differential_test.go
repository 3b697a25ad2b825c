package nginx

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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
	start := time.Now()
	l := startLive(t)
	t.Logf("container: %s", time.Since(start))
	refused := l.run(t, texts)
	t.Logf("servers: %s", time.Since(start))
	var questions []question
	var predictions []Prediction
	for i, text := range texts {
		c, err := readLive(t, text, i)
		if err != nil || refused[i] != "" {
			t.Errorf("%s: %v, nginx: %s", names[i], err, refused[i])
			continue
		}
		for _, r := range allRequests() {
			r.Host = withPort(r.Host, i)
			questions = append(questions, question{i, r})
			predictions = append(predictions, c.Predict(liveTree{}, r))
		}
	}
	t.Logf("predictions: %s", time.Since(start))
	wrong, unknown := 0, map[string]int{}
	for i, got := range l.ask(t, questions) {
		q := questions[i]
		for _, u := range predictions[i].Unknown {
			unknown[names[q.server]+": "+u.What+": "+u.Construct+": "+u.Why]++
		}
		if list := differences(q, predictions[i], got); len(list) > 0 {
			if wrong++; wrong < 60 {
				t.Errorf("%s: %s %s (host %s, %v):\n  %s", names[q.server], q.Method, q.Target, q.Host, q.Header, strings.Join(list, "\n  "))
			}
		}
	}
	t.Logf("answers: %s", time.Since(start))
	t.Logf("%d configurations, %d requests, %d disagreements", len(texts), len(questions), wrong)
	for _, k := range slices.Sorted(maps.Keys(unknown)) {
		t.Log(fmt.Sprintf("unknown %4d %s", unknown[k], k))
	}
}
