//go:build !unix

package dev

import "os/exec"

// startGroup does nothing: the system has no process groups.
func startGroup(*exec.Cmd) {}

// killGroup does nothing.
func killGroup(*exec.Cmd) {}
