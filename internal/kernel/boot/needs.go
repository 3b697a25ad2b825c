package boot

import (
	"fmt"
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

// printOption is the option of all that the kernel prints. The init program prints without it.
const printOption = "CONFIG_PRINTK"

// printsNothing reports whether the kernel is known to print nothing, whatever happens.
func (k Kernel) printsNothing() bool { return len(k.Options) > 0 && k.Options[printOption] != "y" }

// silence returns why there may be no output of the kernel, unless it has done otherwise.
func (k Kernel) silence(otherwise string) string {
	if k.printsNothing() {
		return printOption + " is off, so the kernel prints nothing, not even why it ends: turn it on to see that"
	}
	return fmt.Sprintf("it has no console on %s, or %s", k.Arch.QEMU.Console, otherwise)
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
