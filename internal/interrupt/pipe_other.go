//go:build !unix

package interrupt

// unread reports whether nobody reads standard output or standard error any more: a system
// without SIGPIPE does not ask.
func unread() bool { return false }
