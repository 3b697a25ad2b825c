// Package space holds a target whose name the magefile has too.
package space

// Push takes an argument.
func Push(where string) {}
