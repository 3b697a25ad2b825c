package arch

import (
	"strings"
	"testing"
)

func TestTableIsCompleteAndUnambiguous(t *testing.T) {
	seen := map[string]string{}
	for _, a := range All() {
		if a.Kernel == "" || a.Clang == "" || !strings.HasSuffix(a.Cross, "-") || len(a.Packages) == 0 || a.Defconfig == "" ||
			a.Target == "" || a.Image == "" || len(a.Magic) == 0 || a.QEMU.Binary == "" || len(a.QEMU.Packages) == 0 || a.QEMU.Console == "" || a.QEMU.Memory == "" || a.QEMU.Bus == "" {
			t.Errorf("%s has an empty field: %+v", a.Name, a)
		}
		for _, n := range append([]string{a.Name}, a.Aliases...) {
			if other, twice := seen[n]; twice {
				t.Errorf("%q is both %s and %s", n, other, a.Name)
			}
			seen[n] = a.Name
		}
	}
	if len(All()) != 9 {
		t.Errorf("%d architectures, want nine", len(All()))
	}
}

// image returns the beginning of a file with these marks.
func image(marks Magic) []byte {
	bytes := make([]byte, 0x11000)
	for _, m := range marks {
		copy(bytes[m.Offset:], m.Bytes)
	}
	return bytes
}

func TestMagicDistinguishesArchitectures(t *testing.T) {
	for _, a := range All() {
		for _, b := range All() {
			err := b.Magic.Check(image(a.Magic))
			if a.Name == b.Name && err != nil {
				t.Errorf("%s: %v", a.Name, err)
			}
			if a.Name != b.Name && err == nil {
				t.Errorf("an image of %s is accepted for %s", a.Name, b.Name)
			}
		}
		if err := a.Magic.Check([]byte("not a kernel")); err == nil {
			t.Errorf("%s: text is accepted", a.Name)
		}
	}
}
