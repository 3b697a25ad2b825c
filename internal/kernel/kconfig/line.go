package kconfig

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The two forms of an option's line (Documentation/kbuild/kconfig.rst in the kernel tree).
var (
	set    = regexp.MustCompile(`^(CONFIG_[A-Za-z0-9_]+)=(.*)$`)
	notSet = regexp.MustCompile(`^# (CONFIG_[A-Za-z0-9_]+) is not set$`)
)

// Lines that people mean as options and the kernel's tools do not read as such, or read
// otherwise.
var (
	nearlyNotSet = regexp.MustCompile(`(?i)^#?\s*(CONFIG_\w+)\s+(?:is\s+)?(?:not\s*set|unset)\W*$`)
	notSetProse  = regexp.MustCompile(`^# (CONFIG_\w+) is not set`)
	nearlySet    = regexp.MustCompile(`(?i)^(?:export\s+)?(?:CONFIG_)?(\w+)\s*=\s*(.+?)\s*;?$`)
	nameAlone    = regexp.MustCompile(`^CONFIG_[A-Za-z0-9_]+$`)
)

// ParseOption reads one line, as "CONFIG_EXT4_FS=y" or "# CONFIG_EXT4_FS is not set", with a
// comment after the value or without. ok is false for a comment and an empty line. A line that
// the kernel's tools would ignore, or take for an option although it is a comment, is an error.
func ParseOption(line string) (o Option, ok bool, err error) {
	line = strings.TrimSpace(line)
	if o, ok, err = parseOption(line); err != nil && !strings.HasPrefix(line, "#") {
		err = fmt.Errorf("%w%s", err, didYouMean(line))
	}
	return o, ok, err
}

// parseOption reads a line without blanks around it.
func parseOption(line string) (o Option, ok bool, err error) {
	if m := notSet.FindStringSubmatch(line); m != nil {
		return Option{Name: m[1], Value: "n"}, true, nil
	}
	if line == "" || strings.HasPrefix(line, "#") {
		return o, false, checkComment(line)
	}
	m := set.FindStringSubmatch(line)
	if m == nil && isText(line) {
		return o, false, fmt.Errorf("expected CONFIG_NAME=value, got %q", line)
	}
	if m == nil {
		return o, false, fmt.Errorf("expected text in UTF-8, got %q", line)
	}
	value, err := parseValue(m[2])
	if err == nil && !isText(value) {
		err = fmt.Errorf("expected text in UTF-8, got %q", value)
	}
	if err != nil {
		return o, false, fmt.Errorf("%s: %w", m[1], err)
	}
	return Option{Name: m[1], Value: value}, true, nil
}

// isText reports whether a text is in UTF-8, and not in UTF-16.
func isText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// checkComment returns an error about a comment that is nearly an option.
func checkComment(line string) error {
	if m := nearlyNotSet.FindStringSubmatch(line); m != nil {
		return fmt.Errorf(`expected "# %s is not set", got %q, which is a comment`, upperPrefix(m[1]), line)
	}
	if m := notSetProse.FindStringSubmatch(line); m != nil {
		return fmt.Errorf(`the kernel reads %q as "# %s is not set": begin the comment with a different word`, line, m[1])
	}
	return nil
}

// plain matches the values without quotes. A hexadecimal number may lack its prefix.
var plain = regexp.MustCompile(`^(?:y|m|n|[-+]?[0-9]+|(?:0[xX])?[0-9A-Fa-f]+)$`)

// parseValue returns the value in the text after "=", without a comment that follows it.
func parseValue(text string) (string, error) {
	if strings.HasPrefix(text, `"`) {
		return parseString(text)
	}
	value, _, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " #")
	switch value = strings.TrimRight(value, " "); {
	case value == "":
		return "", errors.New("no value: expected y, m, n, a number, or a string in quotes")
	case !plain.MatchString(value):
		return "", fmt.Errorf("expected y, m, n, a number, or a string in double quotes, got %q", value)
	}
	return value, nil
}

// parseString returns the string in quotes at the beginning of a text. Only blanks and a
// comment may follow it.
func parseString(text string) (string, error) {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			if rest := strings.TrimSpace(text[i+1:]); rest != "" && !strings.HasPrefix(rest, "#") {
				return "", fmt.Errorf(`expected nothing after the string %s, got %q; write a quote inside as \"`, text[:i+1], rest)
			}
			return text[:i+1], nil
		}
	}
	return "", fmt.Errorf(`the string %s lacks its closing "`, text)
}

// didYouMean returns the line that was probably meant as the end of a message, or "".
func didYouMean(line string) string {
	meant := ""
	if m := nearlyNotSet.FindStringSubmatch(line); m != nil {
		meant = "# " + upperPrefix(m[1]) + " is not set"
	} else if nameAlone.MatchString(line) {
		meant = line + "=y"
	} else if m := nearlySet.FindStringSubmatch(line); m != nil {
		meant = "CONFIG_" + upper(m[1]) + "=" + meantValue(m[2])
	}
	if o, ok, err := parseOption(meant); !ok || err != nil || o.Name == "" || meant == line {
		return ""
	}
	return "; did you mean " + meant + "?"
}

// meantValue returns the value that was probably meant by a text.
func meantValue(text string) string {
	switch lower := strings.ToLower(strings.Trim(text, `"'`)); lower {
	case "y", "yes", "true", "on":
		return "y"
	case "m", "module":
		return "m"
	case "n", "no", "false", "off":
		return "n"
	}
	if plain.MatchString(text) || strings.HasPrefix(text, `"`) {
		return text
	}
	return `"` + strings.Trim(text, "'") + `"`
}

// upper returns an option's name in upper case if it has no upper-case letter: few options
// have lower-case ones, and none only those.
func upper(name string) string {
	if strings.ToLower(name) == name {
		return strings.ToUpper(name)
	}
	return name
}

// upperPrefix returns a name with the prefix CONFIG_ in upper case.
func upperPrefix(name string) string { return "CONFIG_" + upper(name[len("CONFIG_"):]) }

// byteOrderMark is what editors on Windows write in front of UTF-8. It is no part of the text.
const byteOrderMark = "\uFEFF"

// Normalize returns a fragment in the form that the kernel's tools read, line by line: without
// a byte order mark, blanks around lines, Windows line ends, and comments after values. Lines
// that are no options are kept.
func Normalize(text string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimPrefix(text, byteOrderMark)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			line = strings.ToValidUTF8(line, "\uFFFD")
		} else if o, ok, err := parseOption(line); ok && err == nil {
			line = o.Name + "=" + o.Value
		}
		lines = append(lines, line+"\n")
	}
	return strings.Join(lines, "")
}
