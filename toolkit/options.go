package toolkit

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Options selects the project that is opened, its environment and its output. The zero value is the project in the
// working directory with the process's environment and output.
type Options struct {
	// Dir is the folder that holds site/ and kernel/, and to which dist/ is written. ""
	// is the working directory; paths are then printed relative to it.
	Dir string

	// Env is the environment as NAME=value: Kiln's own variables (Variables), those that
	// find the Docker engine, and what commands on this machine run with. nil is os.Environ(). Of a variable
	// that occurs twice the last value counts.
	Env []string

	// Stdout gets the results: text, or one JSON object a line with KILN_OUTPUT=json.
	// Stderr gets progress and logs. nil is os.Stdout and os.Stderr.
	Stdout, Stderr io.Writer

	// Stdin is the terminal of Menuconfig and Shell, which draw on Stdout where that is a
	// file. nil is os.Stdin.
	Stdin *os.File

	// Cache is a folder for downloads and what else can be made a second time. "" is kiln
	// in the user's cache folder (os.UserCacheDir, with the variables of Env).
	Cache string
}

// filled returns o with its zero values replaced. It is the only place of this package
// that reads from the process.
func (o Options) filled() Options {
	if o.Env == nil {
		o.Env = os.Environ()
	}
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	if o.Cache == "" {
		o.Cache = o.userCache()
	}
	if wd, err := os.Getwd(); err == nil && o.Dir != "" {
		if abs, err := filepath.Abs(o.Dir); err == nil && abs == wd {
			o.Dir = ""
		}
	}
	return o
}

// terminal returns the file that interactive programs draw on.
func (o Options) terminal() *os.File {
	if f, ok := o.Stdout.(*os.File); ok {
		return f
	}
	return os.Stdout
}

// userCache returns Kiln's part of the user's cache folder by the rules of
// os.UserCacheDir, or "" where no variable names an absolute folder.
func (o Options) userCache() string {
	variables, below := []string{"XDG_CACHE_HOME", "HOME"}, []string{"", ".cache"}
	switch runtime.GOOS {
	case "windows":
		variables, below = []string{"LocalAppData"}, []string{""}
	case "darwin", "ios":
		variables, below = []string{"HOME"}, []string{"Library/Caches"}
	}
	for i, name := range variables {
		if dir := o.getenv(name); filepath.IsAbs(dir) {
			return filepath.Join(dir, below[i], "kiln")
		}
	}
	return ""
}

// getenv returns the value of a variable, "" if it is not set.
func (o Options) getenv(name string) (value string) {
	for _, pair := range o.Env {
		if v, ok := strings.CutPrefix(pair, name+"="); ok {
			value = v
		}
	}
	return value
}
