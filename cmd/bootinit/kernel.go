//go:build linux

package main

import (
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// Fields of uname(2).
func release(u *syscall.Utsname) string { return field(u.Release) }
func machine(u *syscall.Utsname) string { return field(u.Machine) }
func version(u *syscall.Utsname) string { return field(u.Version) }

func uname(of func(*syscall.Utsname) string) string {
	var u syscall.Utsname
	if err := syscall.Uname(&u); err != nil {
		return err.Error()
	}
	return of(&u)
}

// field returns a field of uname(2) as a string: its characters are signed on some
// architectures.
func field[Char int8 | uint8](of [65]Char) string {
	var b strings.Builder
	for _, char := range of {
		if char == 0 {
			break
		}
		b.WriteByte(byte(char))
	}
	return b.String()
}

// procFile returns a check that a file of /proc can be read.
func procFile(path string) func() (string, error) {
	return func() (string, error) {
		content, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return "", absent("no " + path)
		}
		return fmt.Sprintf("%d bytes", len(content)), err
	}
}

// config returns the sha256 of the kernel's configuration in /proc/config.gz, in hex, or "".
func config() string {
	f, err := os.Open("/proc/config.gz")
	if err != nil {
		return ""
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return err.Error()
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, unpacked); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// mounts mounts the file systems that programs expect. One that the kernel does not support is
// reported but no failure: the checks that need it fail.
func mounts() Check {
	c := Check{Name: "mounts", State: "passed"}
	var mounted, missing []string
	only := "" // kinds that a test of package boot permits, by the kernel's command line
	for _, m := range []struct{ kind, at string }{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}} {
		if only != "" && !strings.Contains(only, m.kind) {
			missing = append(missing, m.kind)
			continue
		}
		os.Mkdir(m.at, 0o755)
		err := syscall.Mount(m.kind, m.at, m.kind, 0, "")
		switch {
		case err == nil, errors.Is(err, syscall.EBUSY):
			mounted = append(mounted, m.kind)
			only = parameter("kiln.mounts=")
		case errors.Is(err, syscall.ENODEV):
			missing = append(missing, m.kind)
		default:
			c.State, missing = "failed", append(missing, m.kind+": "+err.Error())
		}
	}
	c.Got = strings.Join(mounted, " ")
	if len(missing) > 0 {
		c.Got += "; not " + strings.Join(missing, ", ")
	}
	return c
}

// absent is the error for a feature that the kernel does not have.
type absent string

func (a absent) Error() string { return string(a) }

// isAbsent reports whether an error means that the kernel does not have the feature.
func isAbsent(err error) bool {
	var a absent
	return errors.As(err, &a) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EAFNOSUPPORT)
}
