// Package owner identifies the run that created an object in an engine, so that a later run
// finds out whether it still runs.
package owner

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// The labels that record an owner.
const (
	labelHost  = "kiln.host"  // the machine that created it: host name and machine-id(5)
	labelBoot  = "kiln.boot"  // its boot id and PID namespace
	labelOwner = "kiln.owner" // the process, as "PID:START"
)

// Owner is one run of Kiln. Its fields are the values of the labels.
type Owner struct{ Host, Boot, Process string }

// Current returns the owner of what this process creates.
func Current() Owner {
	host, _ := os.Hostname()
	machine, _ := os.ReadFile("/etc/machine-id") // host names are not unique
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, _ := os.Readlink("/proc/self/ns/pid")
	return Owner{
		Host: strings.TrimSpace(host + " " + string(machine)), Boot: strings.TrimSpace(string(boot)) + space,
		Process: fmt.Sprintf("%d:%s", os.Getpid(), startTime(os.Getpid())),
	}
}

// Labels returns the labels that record the owner.
func (o Owner) Labels() map[string]string {
	return map[string]string{labelHost: o.Host, labelBoot: o.Boot, labelOwner: o.Process}
}

// Gone reports whether the run that created an object with these labels has certainly ended:
// it ran on this machine, in an earlier boot or as a process that no longer exists. Runs of other machines
// are never gone.
func (o Owner) Gone(labels map[string]string) bool {
	if labels[labelHost] != o.Host {
		return false
	}
	if labels[labelBoot] != o.Boot {
		return bootID(o.Boot) != "" && !strings.HasPrefix(labels[labelBoot], bootID(o.Boot))
	}
	pid, start, ok := strings.Cut(labels[labelOwner], ":")
	number, err := strconv.Atoi(pid)
	return ok && err == nil && startTime(number) != start
}

// Tag returns the owner as a part of an image's tag, as HOST-BOOT-NAMESPACE-PID-START: the
// first three are hashes.
func (o Owner) Tag() string {
	id := bootID(o.Boot)
	return strings.Join([]string{short(o.Host), short(id), short(strings.TrimPrefix(o.Boot, id)), strings.ReplaceAll(o.Process, ":", "-")}, "-")
}

// TagGone is Gone for an owner that a tag begins with.
func (o Owner) TagGone(tag string) bool {
	own, other := strings.Split(o.Tag(), "-"), strings.Split(tag, "-")
	const host, boot, namespace, pid, start = 0, 1, 2, 3, 4
	switch {
	case len(other) <= start || other[host] != own[host]:
		return false
	case other[boot] != own[boot]:
		return bootID(o.Boot) != ""
	case other[namespace] != own[namespace]:
		return false
	}
	number, err := strconv.Atoi(other[pid])
	return err == nil && startTime(number) != other[start]
}

// short returns the beginning of a text's sha256.
func short(text string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:12]
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
