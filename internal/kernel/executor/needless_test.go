package executor

import (
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
)

func TestNeedless(t *testing.T) {
	asked, _ := kconfig.Parse("f", "CONFIG_KEPT=y\nCONFIG_LOST=y\n# CONFIG_OFF is not set\n")
	final, _ := kconfig.Parse(".config", "CONFIG_KEPT=y\n")
	for name, want := range map[string]string{
		"LOST": "", "CONFIG_LOST": "",
		"KEPT":        `allow = ["KEPT"] has no effect: CONFIG_KEPT is as asked, y`,
		"CONFIG_OFF":  `allow = ["CONFIG_OFF"] has no effect: CONFIG_OFF is as asked, n`,
		"LOSST":       `allow = ["LOSST"] has no effect: nothing asks for CONFIG_LOSST; did you mean CONFIG_LOST?`,
		"CONFIG_lost": `allow = ["CONFIG_lost"] has no effect: nothing asks for CONFIG_lost`,
		"ELSEWHERE":   `allow = ["ELSEWHERE"] has no effect: nothing asks for CONFIG_ELSEWHERE`,
	} {
		if got := strings.Join(needless([]string{name}, kconfig.Compare(asked, final, []string{name})), "\n"); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
