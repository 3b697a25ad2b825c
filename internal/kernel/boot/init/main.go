//go:build linux

// Command init is the first program of a kernel that is booted to be proven: it tries
// what programs rely on, prints one line of JSON and powers the machine off. It is
// built for each architecture on the spot, out of the standard library alone.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// The lines that the other side looks for begin so (kernel/boot/console.go).
const (
	started  = "kiln-init: started"
	reporter = "kiln-init: report "
)

// Report is what the line of JSON holds.
type Report struct {
	Release string  `json:"release"` // uname -r
	Machine string  `json:"machine"` // uname -m
	Version string  `json:"version"` // /proc/version
	Config  string  `json:"config"`  // sha256 of the configuration in /proc/config.gz; "" where there is none
	Checks  []Check `json:"checks"`
}

// Check is one thing that was tried.
type Check struct {
	Name  string `json:"name"`
	State string `json:"state"` // "passed", "failed", or "absent" where the kernel has no such thing
	Got   string `json:"got"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == childWord { // this program again, see process
		fmt.Print(childSays)
		return
	}
	fmt.Println("\n" + started)
	mounted := mounts()
	obey(asked("kiln.do="))
	r := Report{Release: uname(release), Machine: uname(machine), Version: text("/proc/version"), Config: config()}
	r.Checks = append(r.Checks, mounted)
	for _, each := range []struct {
		name string
		try  func() (string, error)
	}{
		{"process", process}, {"threads", threads}, {"pipe", pipe}, {"unix socket", unixSocket}, {"inet socket", inetSocket},
		{"clock", clock}, {"memory", memory}, {"block device", blockDevice}, {"network device", networkDevice},
	} {
		r.Checks = append(r.Checks, try(each.name, each.try))
	}
	tell(r)
	powerOff()
}

// try makes a check of what was tried.
func try(name string, do func() (string, error)) Check {
	fmt.Println("kiln-init: tries " + name) // the last word of one that hangs
	got, err := do()
	switch {
	case err == nil:
		return Check{Name: name, State: "passed", Got: got}
	case isAbsent(err):
		return Check{Name: name, State: "absent", Got: err.Error()}
	}
	return Check{Name: name, State: "failed", Got: strings.TrimSpace(got + " " + err.Error())}
}

// tell prints the report. Before that it keeps the kernel from talking into the line.
func tell(r Report) {
	os.WriteFile("/proc/sys/kernel/printk", []byte("1"), 0)
	line, err := json.Marshal(r)
	if err != nil {
		line = []byte(fmt.Sprintf("%q", err))
	}
	fmt.Printf("\n%s%s\n", reporter, line)
}

// obey does what a test of the other side asks for on the kernel's command line.
func obey(order string) {
	switch order {
	case "exit": // the kernel panics: its first program must not end
		os.Exit(3)
	case "hang":
		for {
			time.Sleep(time.Hour)
		}
	}
}

// asked returns the value of a word on the kernel's command line, or "".
func asked(prefix string) string {
	for word := range strings.FieldsSeq(text("/proc/cmdline")) {
		if value, ok := strings.CutPrefix(word, prefix); ok {
			return value
		}
	}
	return ""
}

func text(path string) string {
	all, _ := os.ReadFile(path)
	return strings.TrimSpace(string(all))
}

// powerOff ends the machine; where it has no such thing it is started anew, which
// ends an emulator that was told not to.
func powerOff() {
	syscall.Sync()
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
	time.Sleep(2 * time.Second)
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_RESTART)
	for {
		time.Sleep(time.Hour)
	}
}
