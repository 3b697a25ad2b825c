package kconfig

import (
	"fmt"
	"strings"
	"testing"
)

func TestFiles(t *testing.T) {
	for text, want := range map[string]string{
		`CONFIG_SYSTEM_TRUSTED_KEYS="certs/ours.pem"`:                                         "certs/ours.pem[certs/ours.pem]",
		`CONFIG_SYSTEM_TRUSTED_KEYS=""`:                                                       "",
		`CONFIG_MODULE_SIG_KEY="keys/ours.pem"`:                                               "keys/ours.pem[keys/ours.pem]",
		`CONFIG_MODULE_SIG_KEY="certs/signing_key.pem"`:                                       "",
		`CONFIG_MODULE_SIG_KEY="pkcs11:token=k"`:                                              "",
		`CONFIG_INITRAMFS_SOURCE="/r/root.cpio list"`:                                         "/r/root.cpio[/r/root.cpio] list[list]",
		"CONFIG_EXTRA_FIRMWARE=\"a.bin b/c.bin\"\nCONFIG_EXTRA_FIRMWARE_DIR=\"firmware\"":     "a.bin[firmware/a.bin] b/c.bin[firmware/b/c.bin]",
		"CONFIG_EXTRA_FIRMWARE=\"a.bin\"\nCONFIG_EXTRA_FIRMWARE_DIR=\"/lib/firmware\"":        "a.bin[/lib/firmware/a.bin]",
		`CONFIG_BUILTIN_DTB_NAME="loongson/x"`:                                                "loongson/x[arch/loongarch/boot/dts/loongson/x.dts arch/loongarch/boot/dts/loongson/x.dtso]",
		`CONFIG_ACPI_CUSTOM_DSDT_FILE="dsdt.hex"`:                                             "dsdt.hex[include/dsdt.hex drivers/acpi/dsdt.hex]",
		"CONFIG_IMA_X509_PATH=\"/etc/keys/x509_ima.der\"\n# CONFIG_EXTRA_FIRMWARE is not set": "",
	} {
		options, errs := Parse(".config", text)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		var got []string
		for _, f := range Files(Values(options), "loongarch") {
			got = append(got, fmt.Sprint(f.File, f.Paths))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", text, got, want)
		}
	}
}
