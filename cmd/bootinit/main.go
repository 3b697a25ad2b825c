//go:build linux

// Command bootinit is the init program of a kernel under test: it checks features that
// programs rely on, prints the results as one line of JSON and powers the machine off. Package
// boot compiles it for each architecture; it imports only the standard library.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// How the lines begin that package boot looks for (internal/kernel/boot/console.go).
const (
	startedPrefix = "kiln-init: started"
	reportPrefix  = "kiln-init: report "
)

// Report is the line of JSON.
type Report struct {
	Release string  `json:"release"` // uname -r
	Machine string  `json:"machine"` // uname -m
	Version string  `json:"version"` // uname -v
	Banner  string  `json:"banner"`  // /proc/version; "" if there is none
	Config  string  `json:"config"`  // sha256 of the configuration in /proc/config.gz; "" if there is none
	Checks  []Check `json:"checks"`
}

// Check is the result of one check.
type Check struct {
	Name  string `json:"name"`
	State string `json:"state"` // "passed", "failed", or "absent" if the kernel does not have the feature
	Got   string `json:"got"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == childArgument { // see process
		fmt.Print(childOutput)
		return
	}
	fmt.Println("\n" + startedPrefix)
	mounted := mounts()
	misbehave(parameter("kiln.do="))
	r := Report{Release: uname(release), Machine: uname(machine), Version: uname(version), Banner: text("/proc/version"), Config: config()}
	r.Checks = append(r.Checks, mounted)
	for _, each := range []struct {
		name string
		run  func() (string, error)
	}{
		{"/proc/version", procFile("/proc/version")}, {"/proc/config.gz", procFile("/proc/config.gz")},
		{"process", process}, {"threads", threads}, {"pipe", pipe}, {"unix socket", unixSocket}, {"inet socket", inetSocket},
		{"clock", clock}, {"memory", memory}, {"block device", blockDevice}, {"network device", networkDevice},
	} {
		r.Checks = append(r.Checks, check(each.name, each.run))
	}
	report(r)
	powerOff()
}

// check runs a check.
func check(name string, run func() (string, error)) Check {
	fmt.Println("kiln-init: check " + name) // the last line if it hangs
	got, err := run()
	switch {
	case err == nil:
		return Check{Name: name, State: "passed", Got: got}
	case isAbsent(err):
		return Check{Name: name, State: "absent", Got: err.Error()}
	}
	return Check{Name: name, State: "failed", Got: strings.TrimSpace(got + " " + err.Error())}
}

// report prints the report. Before that it stops messages of the kernel, which would mix with
// the line.
func report(r Report) {
	const consoleLevel = 8 // syslog(2)'s action that sets the console's level to the length of the buffer
	syscall.Klogctl(consoleLevel, make([]byte, 1))
	line, err := json.Marshal(r)
	if err != nil {
		line = []byte(fmt.Sprintf("%q", err))
	}
	fmt.Printf("\n%s%s\n", reportPrefix, line)
}

// misbehave does what a test of package boot wants, by the kernel's command line.
func misbehave(how string) {
	switch how {
	case "exit": // the kernel panics: init must not exit
		os.Exit(3)
	case "hang":
		for {
			time.Sleep(time.Hour)
		}
	}
}

// parameter returns the value of a parameter on the kernel's command line, or "".
func parameter(prefix string) string {
	for word := range strings.FieldsSeq(text("/proc/cmdline")) {
		if value, ok := strings.CutPrefix(word, prefix); ok {
			return value
		}
	}
	return ""
}

// text returns the content of a file without surrounding space, or "".
func text(path string) string {
	all, _ := os.ReadFile(path)
	return strings.TrimSpace(string(all))
}

// powerOff powers the machine off. A machine that cannot is restarted, which ends QEMU with
// -no-reboot.
func powerOff() {
	syscall.Sync()
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
	time.Sleep(2 * time.Second)
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_RESTART)
	for {
		time.Sleep(time.Hour)
	}
}
