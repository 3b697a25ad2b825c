package kconfig

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// FileRef is a file or folder that the value of an option names and that the build reads.
type FileRef struct {
	Option string `json:"option"`
	Value  string `json:"value"` // of the option, without quotes
	File   string `json:"file"`  // the part of the value
	Where  string `json:"where"` // where the option is asked for: "config/micro.config:12"; "" if it is not
	// Paths are where the build finds it: one of them is enough. A relative path is one of
	// the source's tree or of the output tree.
	Paths []string `json:"paths"`
}

// String returns the option with its value, and the file.
func (f FileRef) String() string {
	text := fmt.Sprintf("%s=%q: there is no %s", f.Option, f.Value, strings.Join(f.Paths, " or "))
	if f.Where != "" {
		text = f.Where + ": " + text
	}
	return text
}

// fileOptions maps each option whose value names files to a function that returns where the
// build looks for one of them. Options whose files the booted system reads, as
// CONFIG_IMA_X509_PATH, are not among them.
func fileOptions() map[string]func(word string, final map[string]string, srcArch string) []string {
	same := func(word string, _ map[string]string, _ string) []string { return []string{word} }
	deviceTree := func(word string, _ map[string]string, srcArch string) []string {
		dts := path.Join("arch", srcArch, "boot/dts", word)
		return []string{dts + ".dts", dts + ".dtso"}
	}
	return map[string]func(string, map[string]string, string) []string{
		"CONFIG_SYSTEM_TRUSTED_KEYS":         same, // certs/Makefile
		"CONFIG_SYSTEM_REVOCATION_KEYS":      same,
		"CONFIG_SYSTEM_BLACKLIST_HASH_LIST":  same,
		"CONFIG_MODULE_SIG_KEY":              signingKey,
		"CONFIG_INITRAMFS_SOURCE":            same,     // usr/Makefile
		"CONFIG_EXTRA_FIRMWARE":              firmware, // drivers/base/firmware_loader/builtin/Makefile
		"CONFIG_CFG80211_EXTRA_REGDB_KEYDIR": same,     // net/wireless/Makefile
		"CONFIG_BOOT_CONFIG_EMBED_FILE":      same,     // lib/Makefile
		"CONFIG_IPE_BOOT_POLICY":             same,     // security/ipe/Makefile
		"CONFIG_UNUSED_KSYMS_WHITELIST":      same,     // scripts/Makefile.modpost
		"CONFIG_ACPI_CUSTOM_DSDT_FILE":       included, // drivers/acpi/Makefile
		"CONFIG_BUILTIN_DTB_NAME":            deviceTree,
		"CONFIG_BUILTIN_DTB_SOURCE":          deviceTree,
		"CONFIG_LOGO_LINUX_MONO_FILE":        same, // drivers/video/logo/Makefile
		"CONFIG_LOGO_LINUX_VGA16_FILE":       same,
		"CONFIG_LOGO_LINUX_CLUT224_FILE":     same,
	}
}

// GeneratedKey is the module signing key that the build itself generates.
const GeneratedKey = "certs/signing_key.pem"

// signingKey returns where the key that signs modules is: nowhere in the tree for one that the
// build generates, or that a token holds.
func signingKey(word string, _ map[string]string, _ string) []string {
	if word == GeneratedKey || strings.HasPrefix(word, "pkcs11:") {
		return nil
	}
	return []string{word}
}

// firmware returns the path of a firmware file in the configured folder.
func firmware(word string, final map[string]string, _ string) []string {
	return []string{path.Join(Unquote(final["CONFIG_EXTRA_FIRMWARE_DIR"]), word)}
}

// included returns where the compiler looks for an included table of ACPI.
func included(word string, _ map[string]string, _ string) []string {
	if path.IsAbs(word) {
		return []string{word}
	}
	return []string{path.Join("include", word), path.Join("drivers/acpi", word)}
}

// Files returns the files that a final configuration names, in the order of the options.
// srcArch is the kernel's SRCARCH.
func Files(final map[string]string, srcArch string) (list []FileRef) {
	for option, pathsOf := range fileOptions() {
		value := Unquote(final[option])
		if value == "n" { // an absent option
			continue
		}
		for _, word := range strings.Fields(value) {
			if paths := pathsOf(word, final, srcArch); len(paths) > 0 {
				list = append(list, FileRef{Option: option, Value: value, File: word, Paths: paths})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b FileRef) int { return strings.Compare(a.Option, b.Option) })
	return list
}
