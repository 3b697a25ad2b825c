package owner

import "testing"

func TestGone(t *testing.T) {
	me := Owner{Host: "here", Boot: "b1pid:[4]", Process: "1:5"}
	self := Current()
	for _, tc := range []struct {
		name   string
		owner  Owner
		labels map[string]string
		want   bool
	}{
		{"this run", self, self.Labels(), false},
		{"a process that ended", self, map[string]string{labelHost: self.Host, labelBoot: self.Boot, labelOwner: "999999999:1"}, true},
		{"a reused PID", self, map[string]string{labelHost: self.Host, labelBoot: self.Boot, labelOwner: "1:0"}, true},
		{"an earlier boot", me, map[string]string{labelHost: "here", labelBoot: "b0pid:[4]", labelOwner: "1:5"}, true},
		{"a different container of this boot", me, map[string]string{labelHost: "here", labelBoot: "b1pid:[9]", labelOwner: "1:5"}, false},
		{"a different machine", me, map[string]string{labelHost: "there", labelBoot: "b0", labelOwner: "1:5"}, false},
		{"no labels", me, nil, false},
	} {
		if got := tc.owner.Gone(tc.labels); got != tc.want {
			t.Errorf("%s: got gone %v, want %v", tc.name, got, tc.want)
		}
		if tc.labels == nil {
			continue
		}
		other := Owner{Host: tc.labels[labelHost], Boot: tc.labels[labelBoot], Process: tc.labels[labelOwner]}
		if got := tc.owner.TagGone(other.Tag() + "-7"); got != tc.want {
			t.Errorf("%s: by its tag, got gone %v, want %v", tc.name, got, tc.want)
		}
	}
}
