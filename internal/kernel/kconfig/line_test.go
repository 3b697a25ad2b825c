package kconfig

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParseOption(t *testing.T) {
	for line, want := range map[string]string{
		"CONFIG_A=y": "CONFIG_A y", " CONFIG_A=y\r\n": "CONFIG_A y", "CONFIG_A=y # why": "CONFIG_A y", "CONFIG_A=12\t# why": "CONFIG_A 12",
		"CONFIG_A=-1": "CONFIG_A -1", "CONFIG_A=0xFFff": "CONFIG_A 0xFFff", "CONFIG_A=ff0000": "CONFIG_A ff0000", "CONFIG_ARCH_ixp4=m": "CONFIG_ARCH_ixp4 m",
		`CONFIG_A=""`: `CONFIG_A ""`, `CONFIG_A="x # \"y\" \\" # why`: `CONFIG_A "x # \"y\" \\"`,
		"# CONFIG_A is not set": "CONFIG_A n", "# CONFIG_A is not set \r": "CONFIG_A n",
		"": "", "# why": "", "#": "", "# CONFIG_A=y": "", "## CONFIG_A is not set": "", "# why CONFIG_A is not set": "", "#CONFIG_A is not set because": "",
	} {
		o, ok, err := ParseOption(line)
		if got := strings.TrimSpace(o.Name + " " + o.Value); err != nil || ok != (want != "") || got != want {
			t.Errorf("%q: got %q, %v, %v; want %q", line, got, ok, err, want)
		}
	}
}

// TestNearlyAnOption has lines that people write, and what the error suggests. The kernel's
// own tools ignore most of them.
func TestNearlyAnOption(t *testing.T) {
	for line, want := range map[string]string{
		"#CONFIG_A is not set":     `expected "# CONFIG_A is not set"`,
		"#  CONFIG_A is not set":   `expected "# CONFIG_A is not set"`,
		"# CONFIG_A is not Set.":   `expected "# CONFIG_A is not set"`,
		"# CONFIG_A not set":       `expected "# CONFIG_A is not set"`,
		"# CONFIG_A is unset":      `expected "# CONFIG_A is not set"`,
		"# config_a is not set":    `expected "# CONFIG_A is not set"`,
		"# CONFIG_A is not set: x": "begin the comment with a different word",
		"CONFIG_A is not set":      "did you mean # CONFIG_A is not set?",
		"CONFIG_A = y":             "did you mean CONFIG_A=y?",
		"CONFIG_A= y":              "did you mean CONFIG_A=y?",
		"CONFIG_A=Y":               "did you mean CONFIG_A=y?",
		"CONFIG_A=yes":             "did you mean CONFIG_A=y?",
		"CONFIG_A=module":          "did you mean CONFIG_A=m?",
		"CONFIG_A=y;":              "did you mean CONFIG_A=y?",
		"config_a=y":               "did you mean CONFIG_A=y?",
		"EXT4_FS=y":                "did you mean CONFIG_EXT4_FS=y?",
		"export CONFIG_A=y":        "did you mean CONFIG_A=y?",
		"CONFIG_A=kiln":            `did you mean CONFIG_A="kiln"?`,
		"CONFIG_A='kiln'":          `did you mean CONFIG_A="kiln"?`,
		"CONFIG_A":                 "did you mean CONFIG_A=y?",
		"CONFIG_A=":                "CONFIG_A: no value",
		"CONFIG_A= # why":          "CONFIG_A: no value",
		`CONFIG_A="x`:              "lacks its closing",
		`CONFIG_A="x\"`:            "lacks its closing",
		`CONFIG_A="x" y"`:          "expected nothing after the string",
		"CONFIG_A=y CONFIG_B=y":    `got "y CONFIG_B=y"`,
		"CONFIG_A=\"\xff\"":        "UTF-8",
		"C\x00O\x00":               "UTF-8",
		"CONFIG-A=y":               "expected CONFIG_NAME=value",
		"include b.config":         "expected CONFIG_NAME=value",
		"[options]":                "expected CONFIG_NAME=value",
	} {
		if o, ok, err := ParseOption(line); ok || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v; want %q", line, o, err, want)
		}
	}
}

func TestNormalize(t *testing.T) {
	const text = "\uFEFF# why\r\n CONFIG_A=y # why\r\nCONFIG_B=\"x\"\t\r\n\r\n# CONFIG_C is not set  \r\n# \xff"
	const want = "# why\nCONFIG_A=y\nCONFIG_B=\"x\"\n\n# CONFIG_C is not set\n# \uFFFD\n"
	if got := Normalize(text); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLongLineDoesNotEndTheFile(t *testing.T) {
	options, errs := Parse("f", "# "+strings.Repeat("x", 1<<17)+"\nCONFIG_A=y\n")
	if len(options) != 1 || len(errs) > 0 || options[0].Where != "f:2" {
		t.Errorf("%v, %v", options, errs)
	}
}

func TestMadeFor(t *testing.T) {
	const text = "#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.1.99 Kernel Configuration\n#\nCONFIG_A=y\n"
	if name, complete := MadeFor(text); name != "x86" || !complete {
		t.Errorf("got %q, %v", name, complete)
	}
	if options, _ := Parse("f", text); len(options) != 1 || !options[0].Complete {
		t.Errorf("got %+v", options)
	}
	if _, complete := MadeFor("# Linux/x86 is what we use\nCONFIG_A=y\n"); complete {
		t.Error("a fragment is taken for a complete .config")
	}
}

// FuzzParse checks that what Normalize returns has the options of the original, and is stable.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"CONFIG_A=y\n# CONFIG_B is not set\n", "\uFEFFCONFIG_A=\"a\\\"b\" # why\r\n", "#CONFIG_A is not set", "CONFIG_A=0x1F\nCONFIG_A=-1", "export CONFIG_A = 'x'",
		"# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.12.1 Kernel Configuration\nCONFIG_A=m",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		options, errs := Parse("f", text)
		normal := Normalize(text)
		same, again := Parse("f", normal)
		if !reflect.DeepEqual(options, same) || len(errs) != len(again) {
			t.Errorf("%q: %s, %v\nnormalized %q: %s, %v", text, fmt.Sprint(options), errs, normal, fmt.Sprint(same), again)
		}
		if Normalize(normal) != normal {
			t.Errorf("%q: not stable: %q", text, normal)
		}
	})
}
