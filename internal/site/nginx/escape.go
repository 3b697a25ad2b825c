package nginx

import (
	"strings"
)

// extensionOf returns the extension of a path that was rewritten.
func extensionOf(uri string) string {
	for i := len(uri) - 1; i > 1; i-- {
		switch {
		case uri[i] == '.' && uri[i-1] != '/':
			return uri[i+1:]
		case uri[i] == '/':
			return ""
		}
	}
	return ""
}

// escape writes the bytes that set has, and all that are no ASCII, as %XX.
func escape(s, set string) string {
	var out strings.Builder
	for i := range len(s) {
		ch := s[i]
		if ch > 0x20 && ch < 0x7f && strings.IndexByte(set, ch) < 0 {
			out.WriteByte(ch)
			continue
		}
		out.WriteByte('%')
		out.WriteByte("0123456789ABCDEF"[ch>>4])
		out.WriteByte("0123456789ABCDEF"[ch&15])
	}
	return out.String()
}

// escapeURI and escapeArgs escape as Nginx does in a Location and in the groups of a rewrite.
func escapeURI(s string) string { return escape(s, "\"#%<>?\\^`{|}") }

func escapeArgs(s string) string { return escape(s, "\"#%<>?\\^`{|}&+;") }

// unescapeRedirect undoes the escapes of a redirect's address that it does not need, up to
// its query.
func unescapeRedirect(s string) string {
	var out []byte
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '?':
			return string(append(out, s[i:]...))
		case ch != '%':
			out = append(out, ch)
		default:
			value, ok := hex(s[i+1:])
			switch {
			case !ok && i+2 < len(s) && isHex(s[i+1]):
				i += 2 // both are dropped
			case !ok && i+1 < len(s):
				if isHex(s[i+1]) { // at the end
					return string(out)
				}
				out = append(out, s[i+1])
				i++
			case !ok:
			case value == '?':
				return string(append(append(out, value), s[i+3:]...))
			case value > '%' && value < 0x7f:
				out, i = append(out, value), i+2
			default:
				out, i = append(out, s[i:i+3]...), i+2
			}
		}
	}
	return string(out)
}

func isHex(ch byte) bool {
	return ch >= '0' && ch <= '9' || ch|0x20 >= 'a' && ch|0x20 <= 'f'
}
