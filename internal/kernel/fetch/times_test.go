package fetch

import (
	"slices"
	"strings"
	"testing"
)

func TestParseDiff(t *testing.T) {
	for _, c := range []struct {
		name, out string
		want      Difference
		codeOnly  bool
	}{
		{"nothing", "", Difference{}, true},
		{"code", "Files /original/kernel/pid.c and /source/kernel/pid.c differ\nOnly in /source/include: new.h\n",
			Difference{Changed: []string{"/source/kernel/pid.c", "/source/include/new.h"}}, true},
		{"Kconfig", "Files /original/init/Kconfig and /source/init/Kconfig differ\n",
			Difference{Changed: []string{"/source/init/Kconfig"}}, false},
		{"a program that Kbuild runs", "Files /original/scripts/sorttable.c and /source/scripts/sorttable.c differ\n",
			Difference{Changed: []string{"/source/scripts/sorttable.c"}}, false},
		{"a folder", "Only in /source/drivers: new\n", Difference{Changed: []string{"/source/drivers/new"}}, false},
		{"gone", "Only in /original/kernel: pid.c\nOnly in /original: old.c\n", Difference{Gone: 2}, false},
	} {
		got, known := parseDiff(c.out)
		if !known || !slices.Equal(got.Changed, c.want.Changed) || got.Gone != c.want.Gone || got.CodeOnly() != c.codeOnly {
			t.Errorf("%s: got %+v, known %v, code only %v", c.name, got, known, got.CodeOnly())
		}
	}
	distant := strings.Repeat("Only in /source: drivers\n", maxNewAtTop+1)
	for _, line := range []string{distant, "diff: /source/x: Input/output error", "Files /original/a and b.c and /source/a and b.c differ"} {
		if _, known := parseDiff(line + "\n"); known {
			t.Errorf("%q was understood", line)
		}
	}
}
