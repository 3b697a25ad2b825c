package builder

import (
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
)

// configureMicro makes the configuration of Kiln's own kernel with further options.
func configureMicro(t *testing.T, b *Builder, options ...string) kconfig.Configuration {
	t.Helper()
	c, err := b.Configure(t.Context(), microSpec(t, options...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verdictOf returns the verdict on an option.
func verdictOf(c kconfig.Configuration, name string) kconfig.Verdict {
	for _, v := range c.Options {
		if v.Name == name {
			return v
		}
	}
	return kconfig.Verdict{}
}

// TestLostOptions asks for options of the real kernel that cannot be kept: each is found
// before anything is compiled, with its cause.
func TestLostOptions(t *testing.T) {
	b := testBuilder(t)
	for _, tc := range []struct {
		name    string
		options []string
		lost    string
		kind    kconfig.Kind
		text    string // in the verdict
	}{
		{"dependency two levels deep", []string{"CONFIG_NFSD_V4=y"}, "CONFIG_NFSD_V4", kconfig.Dropped, "CONFIG_NFSD_V4 needs CONFIG_NFSD"},
		{"two dependencies", []string{"CONFIG_USB_STORAGE=y"}, "CONFIG_USB_STORAGE", kconfig.Dropped, "CONFIG_USB_STORAGE needs CONFIG_SCSI"},
		{"dependency without a prompt", []string{"CONFIG_DEBUG_INFO_BTF=y"}, "CONFIG_DEBUG_INFO_BTF", kconfig.Dropped, "CONFIG_DEBUG_INFO has no prompt"},
		{"dependency on 32 bits", []string{"CONFIG_X86_PAE=y"}, "CONFIG_X86_PAE", kconfig.Dropped, "CONFIG_X86_32=n"},
		{"choice of timer frequency", []string{"CONFIG_HZ_1000=y", "CONFIG_HZ_100=y"}, "CONFIG_HZ_1000", kconfig.Choice, "CONFIG_HZ_100 won"},
		{"choice of compression", []string{"CONFIG_KERNEL_XZ=y", "CONFIG_KERNEL_GZIP=y"}, "CONFIG_KERNEL_XZ", kconfig.Choice, "CONFIG_KERNEL_GZIP won"},
		{"option of a different architecture", []string{"CONFIG_ARM64_PAN=y"}, "CONFIG_ARM64_PAN", kconfig.OtherArch, "arch/arm64/Kconfig"},
		{"platform of a different architecture", []string{"CONFIG_PPC_PSERIES=y"}, "CONFIG_PPC_PSERIES", kconfig.OtherArch, "arch/powerpc/"},
		{"misspelt", []string{"CONFIG_EXT4FS=y"}, "CONFIG_EXT4FS", kconfig.Unknown, "did you mean CONFIG_EXT4_FS?"},
		{"misspelt by one letter", []string{"CONFIG_VIRTIO_NETT=y"}, "CONFIG_VIRTIO_NETT", kconfig.Unknown, "did you mean CONFIG_VIRTIO_NET?"},
		{"unknown", []string{"CONFIG_QUANTUM_TUNNEL_MODEM=y"}, "CONFIG_QUANTUM_TUNNEL_MODEM", kconfig.Unknown, "this kernel has no option"},
		{"renamed", []string{"CONFIG_RETPOLINE=y"}, "CONFIG_RETPOLINE", kconfig.Gone, "CONFIG_MITIGATION_RETPOLINE"},
		{"gone", []string{"CONFIG_SLAB=y"}, "CONFIG_SLAB", kconfig.Gone, "CONFIG_SLUB replaces it"},
		{"m without modules", []string{"CONFIG_VIRTIO_NET=m"}, "CONFIG_VIRTIO_NET", kconfig.Changed, "CONFIG_MODULES is not set"},
		{"m of a bool", []string{"CONFIG_EPOLL=m"}, "CONFIG_EPOLL", kconfig.Changed, "is a bool"},
		{"y that depends on m", []string{"CONFIG_MODULES=y", "CONFIG_FUSE_FS=m", "CONFIG_VIRTIO_FS=y"}, "CONFIG_VIRTIO_FS", kconfig.Changed, "CONFIG_FUSE_FS=m"},
		{"number out of range", []string{"CONFIG_LOG_BUF_SHIFT=99"}, "CONFIG_LOG_BUF_SHIFT", kconfig.Changed, "from 12 to 25"},
		{"word for a number", []string{"CONFIG_PANIC_TIMEOUT=y"}, "CONFIG_PANIC_TIMEOUT", kconfig.Changed, "of type int"},
		{"number for a bool", []string{"CONFIG_EPOLL=1"}, "CONFIG_EPOLL", kconfig.Changed, "of type bool"},
		{"word for a string", []string{`CONFIG_DEFAULT_HOSTNAME=y`}, "CONFIG_DEFAULT_HOSTNAME", kconfig.Changed, "of type string"},
		{"forced by a select", []string{"# CONFIG_JBD2 is not set"}, "CONFIG_JBD2", kconfig.Changed, "selected by CONFIG_EXT4_FS=y"},
		{"set by Kconfig itself", []string{"CONFIG_PAHOLE_VERSION=125"}, "CONFIG_PAHOLE_VERSION", kconfig.Changed, "has no prompt"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := configureMicro(t, b, tc.options...)
			v := verdictOf(c, tc.lost)
			if !v.Lost() || v.Kind != tc.kind || !strings.Contains(v.String(), tc.text) {
				t.Errorf("want %s with %q, got\n%s", tc.kind, tc.text, v)
			}
			if err := c.Err(); err == nil || c.Asked-c.Kept > len(tc.options) {
				t.Errorf("%d of %d kept, %v", c.Kept, c.Asked, err)
			}
		})
	}
}

func TestSuggestedOptionsHelp(t *testing.T) {
	b := testBuilder(t)
	for _, want := range []string{"CONFIG_USB_STORAGE=y", "CONFIG_NFSD_V4=y"} {
		name, _, _ := strings.Cut(want, "=")
		v := verdictOf(configureMicro(t, b, want), name)
		if len(v.Needs) == 0 {
			t.Errorf("%s: no options are suggested: %s", want, v)
			continue
		}
		if c := configureMicro(t, b, append(v.Needs, want)...); c.Err() != nil {
			t.Errorf("%s with %v: %v", want, v.Needs, c.Err())
		}
	}
}

func TestAllowedOptionIsNotLost(t *testing.T) {
	b := testBuilder(t)
	s := microSpec(t, "CONFIG_USB_STORAGE=y")
	s.Allow = []string{"USB_STORAGE"}
	c, err := b.Configure(t.Context(), s)
	if err != nil || c.Err() != nil || !strings.Contains(c.String(), "allowed: ") {
		t.Errorf("%v, %v:\n%s", err, c.Err(), c)
	}
}
