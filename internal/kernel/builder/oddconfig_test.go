package builder

import (
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// TestOddConfiguration configures the real kernel with what has no effect, and with files that
// are not there.
func TestOddConfiguration(t *testing.T) {
	b := testBuilder(t)
	s := microSpec(t,
		"# CONFIG_EXT4FS is not set", "# CONFIG_USB_STORAGE is not set", "# CONFIG_ARM64_PAN is not set", `CONFIG_INITRAMFS_SOURCE="none.cpio usr"`,
		"CONFIG_EXPERT=y", "CONFIG_FW_LOADER=y", `CONFIG_EXTRA_FIRMWARE="a.bin"`, `CONFIG_LOCALVERSION="-odd"`, `CONFIG_DEFAULT_HOSTNAME="a\b"`,
	)
	s.Allow = []string{"EPOLL", "USB_STORGE"}
	c, err := b.Configure(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"kernels.toml, kernel configured: no Kconfig file of this kernel defines CONFIG_EXT4FS; did you mean CONFIG_EXT4_FS?",
		`allow = ["EPOLL"] has no effect: CONFIG_EPOLL is as asked, y`,
		`allow = ["USB_STORGE"] has no effect: nothing asks for CONFIG_USB_STORGE; did you mean CONFIG_USB_STORAGE?`,
	}
	if got := strings.Join(c.Warnings, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("warnings:\n%s", got)
	}
	if c.Asked != c.Kept || !strings.HasPrefix(c.Release, "6.12.") || !strings.HasSuffix(c.Release, "-odd") {
		t.Errorf("%s\nrelease %q", c, c.Release)
	}
	if got := fault.Code(c.Err()); got != int(fault.Usage) || len(c.Missing) != 2 || c.Missing[0].Paths[0] != "/lib/firmware/a.bin" || c.Missing[1].File != "none.cpio" {
		t.Errorf("missing %v, %v", c.Missing, c.Err())
	}
}

// TestCompleteConfig configures the real kernel with a .config that a different compiler and
// version have made.
func TestCompleteConfig(t *testing.T) {
	b, dir := testBuilder(t), t.TempDir()
	text := finalConfig(t, b, microSpec(t))
	foreign := strings.NewReplacer("CONFIG_CC_VERSION_TEXT=\"", "CONFIG_CC_VERSION_TEXT=\"old ", "CONFIG_GCC_VERSION=14", "CONFIG_GCC_VERSION=12").Replace(text)
	if foreign == text {
		t.Fatalf("nothing of the compiler is in\n%s", text)
	}
	writeFile(t, dir+"/full.config", foreign+"CONFIG_SLAB=y\n")
	c, err := b.Configure(t.Context(), oneSpec(t, dir, spec.Table{
		Name: "configured", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"}, Config: []string{"full.config"},
	}))
	if err != nil || c.Err() != nil || c.Asked < 1000 {
		t.Errorf("%v, %v\n%s", err, c.Err(), c)
	}
	if got := strings.Join(c.Warnings, "\n"); len(c.Warnings) != 1 || !strings.Contains(got, "CONFIG_SLAB") || !strings.Contains(got, "CONFIG_SLUB replaces it") {
		t.Errorf("warnings:\n%s", got)
	}
}

// TestSeedDecidesRandomConfig draws configurations of the real kernel.
func TestSeedDecidesRandomConfig(t *testing.T) {
	b := testBuilder(t)
	drawn := func(entry string) string {
		return finalConfig(t, b, oneSpec(t, shippedDir, spec.Table{
			Name: "configured", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"}, Config: []string{entry},
		}))
	}
	first := drawn("randconfig:42")
	if drawn("randconfig:42") != first {
		t.Error("the same seed made two configurations")
	}
	if drawn("randconfig:43") == first {
		t.Error("a different seed made the same configuration")
	}
}

// TestMissingTarget names the target that a misspelt one of the real kernel is similar to.
func TestMissingTarget(t *testing.T) {
	b := testBuilder(t)
	_, err := b.Configure(t.Context(), oneSpec(t, shippedDir, spec.Table{
		Name: "configured", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"}, Config: []string{"xenn.config"},
	}))
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), `did you mean "xen.config"?`) {
		t.Error(err)
	}
}
