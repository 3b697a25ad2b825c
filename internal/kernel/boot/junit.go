package boot

import (
	"encoding/xml"
	"os"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// junitSuite is the part of JUnit's XML that CI systems read: a suite of cases, each
// passed, failed or skipped, with its output.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Seconds float64       `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Skipped *junitSkipped `xml:"skipped"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

type junitFailure struct {
	Kind    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Tail    string `xml:",chardata"`
}

// WriteJUnit writes reports to a file, with a test case for each kernel.
func WriteJUnit(path string, reports []Report) error {
	suite := junitSuite{Name: "kiln boot", Tests: len(reports)}
	for _, r := range reports {
		c := junitCase{Class: "boot", Name: r.Folder(), Seconds: r.Seconds, Output: strings.Join(r.Warnings, "\n")}
		switch r.Verdict {
		case Booted:
		case Untestable:
			suite.Skipped++
			c.Skipped = &junitSkipped{r.Why}
		default:
			suite.Failures++
			c.Failure = &junitFailure{Kind: string(r.Verdict), Message: r.Why, Tail: strings.Join(r.Tail, "\n")}
		}
		suite.Cases = append(suite.Cases, c)
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	return fault.Wrap(fault.Environment, renameio.WriteFile(path, append([]byte(xml.Header), append(text, '\n')...), os.FileMode(0o644)))
}
