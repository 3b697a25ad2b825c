package kconfig

import "strings"

// WithPrefix returns an option's name with the prefix CONFIG_, which people may leave out.
func WithPrefix(name string) string { return "CONFIG_" + strings.TrimPrefix(name, "CONFIG_") }

// sameValue reports whether two values mean the same to the kernel: it drops needless
// backslashes of strings, and adds the prefix of hexadecimal numbers.
func sameValue(asked, got string) bool {
	if asked == got {
		return true
	}
	if strings.HasPrefix(asked, `"`) || strings.HasPrefix(got, `"`) {
		return strings.HasPrefix(asked, `"`) && strings.HasPrefix(got, `"`) && Unquote(asked) == Unquote(got)
	}
	hex := func(value string) string {
		value = strings.ToLower(value)
		return strings.TrimLeft(strings.TrimPrefix(value, "0x"), "0")
	}
	return strings.HasPrefix(got, "0x") && hex(asked) == hex(got)
}

// Unquote returns the text of a value: of a string without its quotes and backslashes, as the
// kernel reads them; any other value unchanged.
func Unquote(value string) string {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return value
	}
	var text strings.Builder
	for i := 1; i < len(value)-1; i++ {
		if value[i] == '\\' && i+1 < len(value)-1 {
			i++
		}
		text.WriteByte(value[i])
	}
	return text.String()
}
