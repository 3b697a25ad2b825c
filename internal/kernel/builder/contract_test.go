package builder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// microSpec gives the kernel that Kiln ships, from the real source, with more options.
func microSpec(t *testing.T, options ...string) spec.Spec {
	t.Helper()
	table := spec.Table{
		Name: "contract", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"},
		Config: append([]string{"tinyconfig", "config/micro.config"}, options...),
	}
	specs, err := spec.File{Kernels: []spec.Table{table}}.Specs(shippedDir, spec.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

// configureMicro configures a kernel on the real source.
func configureMicro(t *testing.T, b *Builder, options ...string) executor.Configuration {
	t.Helper()
	c, err := b.Configure(t.Context(), microSpec(t, options...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verdictOn gives the verdict on an option.
func verdictOn(c executor.Configuration, name string) kconfig.Verdict {
	for _, v := range c.Options {
		if v.Name == name {
			return v
		}
	}
	return kconfig.Verdict{}
}

// TestFaultyConfigurations has each fault found before a compile, on the real
// source, with its cause named.
func TestFaultyConfigurations(t *testing.T) {
	b := testBuilder(t)
	for _, tc := range []struct {
		fault   string
		options []string
		lost    string
		kind    kconfig.Kind
		says    string
	}{
		{"dependency two levels deep", []string{"CONFIG_NFSD_V4=y"}, "CONFIG_NFSD_V4", kconfig.Dropped, "CONFIG_NFSD_V4 needs CONFIG_NFSD"},
		{"two dependencies", []string{"CONFIG_USB_STORAGE=y"}, "CONFIG_USB_STORAGE", kconfig.Dropped, "CONFIG_USB_STORAGE needs CONFIG_SCSI"},
		{"dependency on what has no prompt", []string{"CONFIG_DEBUG_INFO_BTF=y"}, "CONFIG_DEBUG_INFO_BTF", kconfig.Dropped, "CONFIG_DEBUG_INFO has no prompt"},
		{"dependency on the other half", []string{"CONFIG_X86_PAE=y"}, "CONFIG_X86_PAE", kconfig.Dropped, "CONFIG_X86_32=n"},
		{"choice of clocks", []string{"CONFIG_HZ_1000=y", "CONFIG_HZ_100=y"}, "CONFIG_HZ_1000", kconfig.Choice, "CONFIG_HZ_100 won"},
		{"choice of packings", []string{"CONFIG_KERNEL_XZ=y", "CONFIG_KERNEL_GZIP=y"}, "CONFIG_KERNEL_XZ", kconfig.Choice, "CONFIG_KERNEL_GZIP won"},
		{"another architecture's", []string{"CONFIG_ARM64_PAN=y"}, "CONFIG_ARM64_PAN", kconfig.OtherArch, "arch/arm64/Kconfig"},
		{"another architecture's platform", []string{"CONFIG_PPC_PSERIES=y"}, "CONFIG_PPC_PSERIES", kconfig.OtherArch, "arch/powerpc/"},
		{"misspelt", []string{"CONFIG_EXT4FS=y"}, "CONFIG_EXT4FS", kconfig.Unknown, "CONFIG_EXT4_FS is near"},
		{"misspelt by a letter", []string{"CONFIG_VIRTIO_NETT=y"}, "CONFIG_VIRTIO_NETT", kconfig.Unknown, "CONFIG_VIRTIO_NET is near"},
		{"no such thing", []string{"CONFIG_QUANTUM_TUNNEL_MODEM=y"}, "CONFIG_QUANTUM_TUNNEL_MODEM", kconfig.Unknown, "no option of this kernel"},
		{"renamed", []string{"CONFIG_RETPOLINE=y"}, "CONFIG_RETPOLINE", kconfig.Gone, "CONFIG_MITIGATION_RETPOLINE"},
		{"gone", []string{"CONFIG_SLAB=y"}, "CONFIG_SLAB", kconfig.Gone, "CONFIG_SLUB stands for it"},
		{"m without modules", []string{"CONFIG_VIRTIO_NET=m"}, "CONFIG_VIRTIO_NET", kconfig.Changed, "CONFIG_MODULES is not set"},
		{"m of a bool", []string{"CONFIG_EPOLL=m"}, "CONFIG_EPOLL", kconfig.Changed, "is a bool"},
		{"y over what is m", []string{"CONFIG_MODULES=y", "CONFIG_FUSE_FS=m", "CONFIG_VIRTIO_FS=y"}, "CONFIG_VIRTIO_FS", kconfig.Changed, "CONFIG_FUSE_FS=m"},
		{"number out of range", []string{"CONFIG_LOG_BUF_SHIFT=99"}, "CONFIG_LOG_BUF_SHIFT", kconfig.Changed, "from 12 to 25"},
		{"word for a number", []string{"CONFIG_PANIC_TIMEOUT=y"}, "CONFIG_PANIC_TIMEOUT", kconfig.Changed, "of type int"},
		{"word for a bool", []string{"CONFIG_EPOLL=maybe"}, "CONFIG_EPOLL", kconfig.Changed, "of type bool"},
		{"string out of its quotes", []string{`CONFIG_DEFAULT_HOSTNAME=kiln`}, "CONFIG_DEFAULT_HOSTNAME", kconfig.Changed, "of type string"},
		{"forced by a select", []string{"# CONFIG_JBD2 is not set"}, "CONFIG_JBD2", kconfig.Changed, "selected by CONFIG_EXT4_FS=y"},
		{"found out by the kernel itself", []string{"CONFIG_PAHOLE_VERSION=125"}, "CONFIG_PAHOLE_VERSION", kconfig.Changed, "has no prompt"},
	} {
		t.Run(tc.fault, func(t *testing.T) {
			c := configureMicro(t, b, tc.options...)
			v := verdictOn(c, tc.lost)
			if !v.Lost() || v.Kind != tc.kind || !strings.Contains(v.String(), tc.says) {
				t.Errorf("want %s with %q, got\n%s", tc.kind, tc.says, v)
			}
			if err := c.Err(); err == nil || c.Asked-c.Kept > len(tc.options) {
				t.Errorf("%d of %d kept, %v", c.Kept, c.Asked, err)
			}
		})
	}
}

func TestWhatIsSaidToMendItDoes(t *testing.T) {
	b := testBuilder(t)
	for _, want := range []string{"CONFIG_USB_STORAGE=y", "CONFIG_NFSD_V4=y"} {
		name, _, _ := strings.Cut(want, "=")
		v := verdictOn(configureMicro(t, b, want), name)
		if len(v.Needs) == 0 {
			t.Errorf("%s: nothing is said to mend it: %s", want, v)
			continue
		}
		if c := configureMicro(t, b, append(v.Needs, want)...); c.Err() != nil {
			t.Errorf("%s with %v: %v", want, v.Needs, c.Err())
		}
	}
}

func TestAllowedOptionIsNoFault(t *testing.T) {
	b := testBuilder(t)
	s := microSpec(t, "CONFIG_USB_STORAGE=y")
	s.Allow = []string{"USB_STORAGE"}
	c, err := b.Configure(t.Context(), s)
	if err != nil || c.Err() != nil || !strings.Contains(c.String(), "allowed: ") {
		t.Errorf("%v, %v:\n%s", err, c.Err(), c)
	}
}

// TestEditIsWrittenBack has the kernel's own scripts/config do what a person does
// in menuconfig, and builds the configuration anew from what was written.
func TestEditIsWrittenBack(t *testing.T) {
	b, dir := testBuilder(t), t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(shippedDir, "config"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "config"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "micro.config"), filepath.Join(dir, "config", "mine.config")); err != nil {
		t.Fatal(err)
	}
	mine := func() spec.Spec {
		f := spec.File{Kernels: []spec.Table{{Name: "contract", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"}, Config: []string{"tinyconfig", "config/mine.config"}}}}
		specs, err := f.Specs(dir, spec.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		return specs[0]
	}
	var edited string
	e, err := b.edit(t.Context(), mine(), dir, func(s *executor.Session) error {
		for _, argv := range [][]string{
			{plan.SourceDir + "/scripts/config", "--file", plan.ConfigFile, "--enable", "SCSI", "--enable", "BLK_DEV_SD", "--disable", "OVERLAY_FS", "--set-val", "PANIC_TIMEOUT", "7"},
			plan.Make(mine(), "olddefconfig"),
			{"cp", plan.ConfigFile, "/tmp/edited"},
		} {
			if _, err := s.Output(t.Context(), argv...); err != nil {
				return err
			}
		}
		var err error
		edited, err = s.Output(t.Context(), "cat", "/tmp/edited")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(e.Options, " "); len(e.Options) > 6 || !strings.Contains(got, "CONFIG_SCSI=y") || !strings.Contains(got, "# CONFIG_OVERLAY_FS is not set") || !strings.Contains(got, "CONFIG_PANIC_TIMEOUT=7") {
		t.Errorf("written back: %q", e.Options)
	}
	if got := finalConfig(t, b, mine()); got != edited {
		t.Errorf("what was written back gives another configuration than the edited one:\n%s", e)
	}
}

// finalConfig configures a kernel and gives the .config.
func finalConfig(t *testing.T, b *Builder, s spec.Spec) (text string) {
	t.Helper()
	err := b.withConfig(t.Context(), s, func(session *executor.Session) (err error) {
		text, err = session.Output(t.Context(), "cat", plan.ConfigFile)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}
