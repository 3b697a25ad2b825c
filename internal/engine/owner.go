package engine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// The labels of everything that Kiln makes in an engine.
const (
	Label      = "kiln"       // what it is: "build", "verify", "source", "base", ...
	labelHost  = "kiln.host"  // the machine whose run made it: its name and its machine-id(5)
	labelBoot  = "kiln.boot"  // that machine's boot, and the namespace of its process numbers
	labelOwner = "kiln.owner" // the process, as "PID:START"
)

// owner is one run of Kiln: enough to tell later whether it still lives.
type owner struct{ host, boot, process string }

// thisOwner describes the running process.
func thisOwner() owner {
	host, _ := os.Hostname()
	machine, _ := os.ReadFile("/etc/machine-id") // many machines have one name
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, _ := os.Readlink("/proc/self/ns/pid")
	return owner{
		host: strings.TrimSpace(host + " " + string(machine)), boot: strings.TrimSpace(string(boot)) + space,
		process: fmt.Sprintf("%d:%s", os.Getpid(), startTime(os.Getpid())),
	}
}

// labels gives the labels of an object of a kind that this run makes.
func (o owner) labels(kind string, more map[string]string) map[string]string {
	labels := map[string]string{Label: kind, labelHost: o.host, labelBoot: o.boot, labelOwner: o.process}
	for k, v := range more {
		labels[k] = v
	}
	return labels
}

// gone tells whether the run that made an object has surely ended: it ran on
// this machine, and in an earlier boot or as a process that is no more. What
// another machine's run made is never called gone.
func (o owner) gone(labels map[string]string) bool {
	if labels[labelHost] != o.host {
		return false
	}
	if labels[labelBoot] != o.boot {
		return bootID(o.boot) != "" && !strings.HasPrefix(labels[labelBoot], bootID(o.boot))
	}
	pid, start, ok := strings.Cut(labels[labelOwner], ":")
	number, err := strconv.Atoi(pid)
	return ok && err == nil && startTime(number) != start
}

// bootID is the part of a boot label before the namespace.
func bootID(boot string) string {
	id, _, _ := strings.Cut(boot, "pid:")
	return id
}

// startTime gives when a process began, in clock ticks since boot (field 22 of
// /proc/PID/stat, proc_pid_stat(5)), or "" if there is no such process. A number
// that was given to another process has another start time.
func startTime(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name before it may hold spaces
	fields := strings.Fields(rest)
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}
