package engine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// The labels of all that Kiln creates in an engine.
const (
	Label      = "kiln"       // the kind: "build", "verify", "source", "base", ...
	labelHost  = "kiln.host"  // the machine that created it: host name and machine-id(5)
	labelBoot  = "kiln.boot"  // its boot id and PID namespace
	labelOwner = "kiln.owner" // the process, as "PID:START"
)

// owner identifies a run of Kiln, so that a later run can find out whether it still runs.
type owner struct{ host, boot, process string }

// thisOwner returns the identity of this process.
func thisOwner() owner {
	host, _ := os.Hostname()
	machine, _ := os.ReadFile("/etc/machine-id") // host names are not unique
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, _ := os.Readlink("/proc/self/ns/pid")
	return owner{
		host: strings.TrimSpace(host + " " + string(machine)), boot: strings.TrimSpace(string(boot)) + space,
		process: fmt.Sprintf("%d:%s", os.Getpid(), startTime(os.Getpid())),
	}
}

// labels returns the labels of an object that this run creates.
func (o owner) labels(kind string, more map[string]string) map[string]string {
	labels := map[string]string{Label: kind, labelHost: o.host, labelBoot: o.boot, labelOwner: o.process}
	for k, v := range more {
		labels[k] = v
	}
	return labels
}

// gone reports whether the run that created an object has certainly ended: it ran on this
// machine, in an earlier boot or as a process that no longer exists. Runs of other machines
// are never gone.
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

// bootID returns the part of a boot label before the PID namespace.
func bootID(boot string) string {
	id, _, _ := strings.Cut(boot, "pid:")
	return id
}

// startTime returns when a process started, in clock ticks since boot (field 22 of
// /proc/PID/stat, proc_pid_stat(5)), or "" if there is no such process. A PID that was
// reused has a different start time.
func startTime(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name before it may contain spaces
	fields := strings.Fields(rest)
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}
