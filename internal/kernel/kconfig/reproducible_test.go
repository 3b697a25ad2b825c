package kconfig

import "testing"

func TestNonReproducible(t *testing.T) {
	for _, c := range []struct {
		options map[string]string
		want    int
	}{
		{nil, 0},
		{map[string]string{"CONFIG_MODULE_SIG": "y", "CONFIG_MODULE_SIG_KEY": `"` + GeneratedKey + `"`}, 1},
		{map[string]string{"CONFIG_MODULE_SIG": "y", "CONFIG_MODULE_SIG_KEY": `"certs/ours.pem"`}, 0},
		{map[string]string{"CONFIG_RANDSTRUCT": "y", "CONFIG_MODULE_SIG": "y", "CONFIG_MODULE_SIG_KEY": `"` + GeneratedKey + `"`}, 2},
	} {
		if got := NonReproducible(c.options); len(got) != c.want {
			t.Errorf("%v: got %q, want %d", c.options, got, c.want)
		}
	}
}
