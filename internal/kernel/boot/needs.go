package boot

import (
	"strings"
)

// initNeeds are the options without which a kernel does not run the init program, a static
// program in an initramfs whose runtime, Go's, waits by these system calls.
var initNeeds = []string{"CONFIG_BLK_DEV_INITRD", "CONFIG_BINFMT_ELF", "CONFIG_FUTEX", "CONFIG_EPOLL", "CONFIG_EVENTFD"}

// consoleNeeds are the options of the serial consoles, by the beginning of a device's name.
var consoleNeeds = map[string]string{
	"ttyS": "CONFIG_SERIAL_8250_CONSOLE", "ttyAMA": "CONFIG_SERIAL_AMBA_PL011_CONSOLE",
	"hvc": "CONFIG_HVC_CONSOLE", "ttysclp": "CONFIG_SCLP_VT220_CONSOLE",
}

// unmet returns why the kernel cannot run the init program, or "". Only its configuration,
// if that is known, decides.
func (k Kernel) unmet() string {
	if len(k.Options) == 0 {
		return ""
	}
	var reasons []string
	if missing := k.without(initNeeds...); len(missing) > 0 {
		reasons = append(reasons, "the first program needs "+strings.Join(missing, ", "))
	}
	for _, option := range k.Arch.InitABI {
		name, value, _ := strings.Cut(option, "=")
		if on := k.Options[name] == "y"; on != (value == "y") {
			reasons = append(reasons, "the first program, for "+k.Arch.Name+", needs "+option)
		}
	}
	if missing := k.without(consoleOption(k.Arch.QEMU.Console)); len(missing) > 0 {
		reasons = append(reasons, "its output on "+k.Arch.QEMU.Console+" needs "+missing[0])
	}
	return strings.Join(reasons, "; ")
}

// without returns the options that are not on.
func (k Kernel) without(options ...string) (missing []string) {
	for _, o := range options {
		if k.Options[o] != "y" {
			missing = append(missing, o)
		}
	}
	return missing
}

// consoleOption returns the option of a console's device.
func consoleOption(device string) string {
	return consoleNeeds[strings.TrimRight(strings.Split(device, ",")[0], "0123456789")]
}
