package diagnose

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// rule matches one form of a tool's messages. The groups of its expression are named after
// the fields of a Finding.
type rule struct {
	tool     string
	severity Severity // "": from the group severity
	cause    fault.Cause
	form     *regexp.Regexp
}

func form(expression string) *regexp.Regexp { return regexp.MustCompile(expression) }

// rules are all forms, more specific ones first. Sources: GCC's and clang's manuals ("Formatting of
// diagnostics"), the GNU coding standards ("Errors"), the kernel's scripts/kconfig,
// scripts/mod/modpost.c, tools/objtool/warn.h and scripts/dtc.
var rules = []rule{
	{"sh", Error, fault.Resources, form(`(?P<text>.*\bNo space left on device.*)`)},
	{"sh", Error, fault.Resources, form(`^\S+: \d+: (?P<text>(?:echo|printf): .*I/O error)$`)}, // dash(1), where the disk is full
	{"sh", Error, fault.Resources, form(`(?P<text>.*(?:internal compiler error: Killed|fatal error: Killed signal).*)`)},
	{"sh", Error, fault.Resources, form(`(?P<text>.*(?:[Cc]annot allocate memory|virtual memory exhausted|out of memory allocating).*)`)},
	{"sh", Error, fault.Toolchain, form(`^(?:/bin/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?(?P<text>\S+: (?:command )?not found)$`)},
	{"make", Error, fault.Toolchain, form(`^make(?:\[\d+\])?: (?P<text>\S+: No such file or directory)$`)},
	{"objtool", "", fault.Source, form(`^(?P<file>\S+?): (?P<severity>warning|error): objtool: (?P<text>.*)$`)},
	{"modpost", "", fault.Source, form(`^(?P<severity>ERROR|WARNING): modpost: (?P<text>.*)$`)},
	{"depmod", Error, fault.Source, form(`^depmod: (?:WARNING|ERROR): (?P<text>.*)$`)},
	{"dtc", Error, fault.Source, form(`^(?:Error|ERROR)(?: \([a-z_]+\))?: (?P<file>\S+?\.dtsi?):(?P<line>\d+)\.(?P<column>\d+)\S* (?P<text>.*)$`)},
	{"dtc", "", fault.Source, form(`^(?P<file>\S+?\.dtsi?):(?P<line>\d+)\.(?P<column>\d+)\S*: (?P<severity>Warning|ERROR|Error) \((?P<code>\w+)\): (?P<text>.*)$`)},
	{"kconfig", Error, fault.Toolchain, form(`^(?P<file>\S*scripts/Kconfig\.include):(?P<line>\d+): (?P<text>.*)$`)}, // a check of the compiler
	{"kconfig", "", fault.Source, form(`^(?P<file>\S*Kconfig\S*):(?P<line>\d+): ?(?P<severity>warning: )?(?P<text>.*)$`)},
	{"kconfig", Warning, fault.Configuration, form(`^(?P<file>\S*\.config):(?P<line>\d+):? ?warning: (?P<text>.*)$`)},
	{"ld", Error, fault.Source, form(`^(?:\S*ld(?:\.\w+)?: )?(?P<file>[^\s:]+?\.[cSo])(?::(?P<line>\d+))?:(?:\(\S+\): )?(?: in function .*?: )?(?P<text>(?:undefined reference to|multiple definition of|relocation truncated to fit:) .*)$`)},
	{"ld", "", fault.Source, form(`^\S*\bld(?:\.\w+)?: (?P<severity>error|warning): (?P<text>.*)$`)},
	{"ld", Error, fault.Source, form(`^\S*\bld(?:\.\w+)?: (?P<text>(?:cannot find |undefined symbol|section |failed to |final link failed).*)$`)},
	{"ld", Error, fault.Source, form(`^\S*\bld(?:\.\w+)?: (?P<file>[^\s:]+): (?P<text>file not recognized.*)$`)},
	{"as", "", fault.Source, form(`^(?P<file>[^\s:]+\.[sSchi]):(?P<line>\d+): (?P<severity>Error|Warning): (?P<text>.*)$`)},
	{"gcc", "", fault.Source, form(`^(?P<file>[^\s:]+):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<severity>error|fatal error|warning): (?P<text>.*?)(?: \[(?P<code>-W[^\]]+)\])?$`)},
	{"gcc", "", fault.Toolchain, form(`^\S*(?:gcc|cc1|clang)\S*: (?P<severity>error|fatal error|warning): (?P<text>.*?)(?: \[(?P<code>-W[^\]]+)\])?$`)},
	{"make", Error, fault.Source, form(`^make(?:\[\d+\])?: \*\*\* (?P<text>No rule to make target .*?)\.?(?:  Stop\.)?$`)},
}

// consequence matches make's report of a failed recipe, which is not the cause.
var consequence = form(`^make(?:\[\d+\])?: \*\*\* (?:\[.*\] Error \d+|Waiting for unfinished jobs)`)

// read returns the finding in a line, if there is one. It removes the prefix root from
// paths.
func read(line, root string) (Finding, bool) {
	for _, r := range rules {
		if m := r.form.FindStringSubmatch(line); m != nil {
			f := r.finding(m, root)
			f.Raw = strings.TrimPrefix(line, root)
			return f, true
		}
	}
	return Finding{}, false
}

func (r rule) finding(match []string, root string) Finding {
	f := Finding{Tool: r.tool, Severity: r.severity, cause: r.cause}
	severity := Error
	for i, group := range r.form.SubexpNames() {
		switch value := match[i]; group {
		case "file":
			f.File = strings.TrimPrefix(strings.TrimPrefix(value, root), "./")
		case "line":
			f.Line, _ = strconv.Atoi(value)
		case "column":
			f.Column, _ = strconv.Atoi(value)
		case "code":
			f.Code = value
		case "text":
			f.Text = value
		case "severity":
			if strings.Contains(strings.ToLower(value), "warning") {
				severity = Warning
			}
		}
	}
	if f.Severity == "" {
		f.Severity = severity
	}
	return f
}
