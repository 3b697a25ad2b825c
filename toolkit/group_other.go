//go:build !unix

package toolkit

import "os/exec"

// inGroup leaves a command as it is: the system knows no groups.
func inGroup(*exec.Cmd) {}

// endGroup ends nothing.
func endGroup(*exec.Cmd) {}
