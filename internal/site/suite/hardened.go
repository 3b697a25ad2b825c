package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNoTool is returned by a Target for a program that its image does not have. An image
// without tools is as good as one with: checks that need the tool are not judged.
var ErrNoTool = errors.New("the image has no such program")

// ErrNoHealthCheck is returned by a Target whose image has no health check, as where an
// orchestrator has probes of its own.
var ErrNoHealthCheck = errors.New("the image has no health check")

// checkHardening reads the privileges of the container's first process from the kernel
// (proc_pid_status(5)).
func checkHardening(ctx context.Context, r *runner, target Target) {
	const name = "privileges of the server"
	text, err := target.Output(ctx, "cat", "/proc/1/status")
	if errors.Is(err, ErrNoTool) {
		r.skip("cat", name, "the image has no such program")
		return
	}
	if err != nil {
		r.check(noAnswer(name, err))
		return
	}
	status := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		status[name] = strings.Join(strings.Fields(value), " ")
	}
	none := strings.Repeat("0", 16)
	r.check(
		equal(Invariant, "the server has no capabilities: effective", none, status["CapEff"]),
		equal(Invariant, "the server has no capabilities: permitted", none, status["CapPrm"]),
		equal(Invariant, "the server can gain no capabilities: bounding", none, status["CapBnd"]),
		equal(Invariant, "the server can gain no new privileges", "1", status["NoNewPrivs"]),
		Check{Name: "the server's user is not root", Passed: !strings.Contains(" "+status["Uid"]+" ", " 0 ") && status["Uid"] != "", Expected: "no id 0", Got: status["Uid"]},
		Check{Name: "the server's group is not root", Passed: !strings.Contains(" "+status["Gid"]+" ", " 0 ") && status["Gid"] != "", Expected: "no id 0", Got: status["Gid"]},
		Check{Name: "the first process is not a shell", Passed: status["Name"] != "" && !slices.Contains(shells, status["Name"]), Expected: "the server itself", Got: status["Name"]},
	)
	if filter, known := status["Seccomp"]; known {
		r.check(equal(Invariant, "system calls are filtered", "2", filter))
		return
	}
	r.skip("seccomp", "filtered system calls", "the kernel was built without it")
}

// shells are programs that a static site does not need.
var shells = []string{"sh", "bash", "ash", "dash", "busybox"}

// The errors of touch on a read-only file system and in a folder that does not exist, as
// Debian and Alpine print them (strerror).
const (
	readOnly = "Read-only file system"
	noFolder = "No such file or directory"
)

// checkReadOnly tries to write to several folders of the image, and must fail in all.
func checkReadOnly(ctx context.Context, r *runner, target Target) {
	for _, place := range append([]string{"/", "/etc/nginx", "/usr/sbin", "/var/log"}, r.site.Roots...) {
		c := Check{Name: "nothing can be written to " + place, Expected: readOnly}
		_, err := target.Output(ctx, "touch", strings.TrimSuffix(place, "/")+"/kiln-was-here")
		if errors.Is(err, ErrNoTool) {
			r.skip("touch", c.Name, "the image has no such program")
			continue
		}
		c.Got = fmt.Sprint(err)
		c.Passed = strings.Contains(c.Got, readOnly) || strings.Contains(c.Got, noFolder)
		r.check(c)
	}
}

// checkWorkers expects that no worker of the server has died, whatever was sent to it.
func checkWorkers(ctx context.Context, r *runner, target Target) {
	c := Check{Name: "no worker has died", Passed: true, Expected: "none in the log", Got: "none in the log"}
	log, err := target.Logs(ctx)
	c.failIf(err != nil, "%v", err)
	for line := range strings.Lines(log) {
		if strings.Contains(line, "exited on signal") || strings.Contains(line, "exited with fatal code") {
			c.failIf(true, "%s", strings.TrimSpace(line))
		}
	}
	r.check(c)
}
