// Package docscheck compares the documentation with the code. It contains tests only:
//
//   - docs/reference.md shows the targets, keys, variables, documents and exit codes
//     that the code has. These parts are generated.
//   - Every link, anchor, path and command of README.md and docs/ exists, and every
//     package is in the architecture page and its drawing.
//   - README.md stays short, and measured figures stay on one page.
//
// A generated part of the reference lies between two marks, and everything outside of
// them is written by hand:
//
//	<!-- generated: targets -->
//	<!-- end -->
//
// go generate ./internal/docscheck writes the parts.
package docscheck

//go:generate go test . -run TestReference|TestPicture -count=1 -update
