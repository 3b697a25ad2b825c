package nginx

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestModelAgreesOnRandomConfigurations compares the model with Nginx over configurations
// that a grammar writes. KILN_TEST_SEED and KILN_TEST_CONFIGS choose others.
func TestModelAgreesOnRandomConfigurations(t *testing.T) {
	seed, count := uint64(1), 60
	if text := os.Getenv("KILN_TEST_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	if text := os.Getenv("KILN_TEST_CONFIGS"); text != "" {
		count, _ = strconv.Atoi(text)
	}
	l := startLive(t)
	var texts []string
	for i := range count {
		texts = append(texts, randomConfig(seed+uint64(i)))
	}
	refused := l.run(t, texts)
	var questions []question
	var predictions []Prediction
	requests, accepted, sure := allRequests(), 0, 0
	for i, text := range texts {
		if refused[i] != "" {
			continue
		}
		accepted++
		c, err := readLive(t, text, i)
		if err != nil {
			t.Errorf("nginx takes what the model does not: %v\n%s", err, text)
			continue
		}
		for n := int(seed) + i*7; n < int(seed)+i*7+3*80; n += 3 {
			r := requests[n%len(requests)]
			r.Host = withPort(r.Host, i)
			questions = append(questions, question{i, r})
			p := c.Predict(liveTree{}, r)
			if len(p.Unknown) == 0 {
				sure++
			}
			predictions = append(predictions, p)
		}
	}
	wrong, shown := 0, map[int]bool{}
	for i, got := range l.ask(t, questions) {
		q := questions[i]
		list := differences(q, predictions[i], got)
		if len(list) == 0 {
			continue
		}
		if wrong++; !shown[q.server] {
			shown[q.server] = true
			t.Errorf("%s %s (host %s, %v):\n  %s\n%s", q.Method, q.Target, q.Host, q.Header, strings.Join(list, "\n  "), texts[q.server])
		}
	}
	t.Logf("%d configurations (%d of %d that nginx takes), %d requests, %d%% wholly predicted, %d disagreements", accepted, accepted, count, len(questions), 100*sure/max(1, len(questions)), wrong)
	if accepted < count/2 {
		t.Errorf("nginx takes only %d of %d configurations, e.g. %v", accepted, count, refused)
	}
}
