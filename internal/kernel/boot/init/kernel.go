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

// The fields of uname(2) that are asked for.
func release(u *syscall.Utsname) string { return field(u.Release) }
func machine(u *syscall.Utsname) string { return field(u.Machine) }

func uname(of func(*syscall.Utsname) string) string {
	var u syscall.Utsname
	if err := syscall.Uname(&u); err != nil {
		return err.Error()
	}
	return of(&u)
}

// field reads a field of uname(2): its letters are signed on some architectures.
func field[Letter int8 | uint8](of [65]Letter) string {
	var b strings.Builder
	for _, letter := range of {
		if letter == 0 {
			break
		}
		b.WriteByte(byte(letter))
	}
	return b.String()
}

// config returns the sha256 of the configuration that the kernel carries.
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

// mounts mounts the file systems that programs expect. What this kernel does not know
// is named, and no failure: the checks that need it say what they miss.
func mounts() Check {
	c := Check{Name: "mounts", State: "passed"}
	var have, lack []string
	for _, m := range []struct{ kind, at string }{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}} {
		os.Mkdir(m.at, 0o755)
		err := syscall.Mount(m.kind, m.at, m.kind, 0, "")
		switch {
		case err == nil, errors.Is(err, syscall.EBUSY):
			have = append(have, m.kind)
		case errors.Is(err, syscall.ENODEV):
			lack = append(lack, m.kind)
		default:
			c.State, lack = "failed", append(lack, m.kind+": "+err.Error())
		}
	}
	c.Got = strings.Join(have, " ")
	if len(lack) > 0 {
		c.Got += "; not " + strings.Join(lack, ", ")
	}
	return c
}

// absent is what the kernel does not have.
type absent string

func (a absent) Error() string { return string(a) }

// isAbsent reports whether an error says that the kernel has no such thing.
func isAbsent(err error) bool {
	var a absent
	return errors.As(err, &a) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EAFNOSUPPORT)
}
