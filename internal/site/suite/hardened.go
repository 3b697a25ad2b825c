package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNoTool is returned by a Target for a program that its image does not have. An image
// without tools is as good as one with: checks that need the tool are left out.
var ErrNoTool = errors.New("the image has no such program")

// checkHardening reads the privileges of the container's first process from the kernel
// (proc_pid_status(5)).
func checkHardening(ctx context.Context, target Target) []Check {
	text, err := target.Output(ctx, "cat", "/proc/1/status")
	if errors.Is(err, ErrNoTool) {
		return nil
	}
	if err != nil {
		return failed("privileges of the server", err)
	}
	status := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		status[name] = strings.Join(strings.Fields(value), " ")
	}
	none := strings.Repeat("0", 16)
	checks := []Check{
		equal("the server has no capabilities: effective", none, status["CapEff"]),
		equal("the server has no capabilities: permitted", none, status["CapPrm"]),
		equal("the server can gain no capabilities: bounding", none, status["CapBnd"]),
		equal("the server can gain no new privileges", "1", status["NoNewPrivs"]),
		{Name: "the server's user is not root", Passed: !strings.Contains(" "+status["Uid"]+" ", " 0 ") && status["Uid"] != "", Expected: "no id 0", Got: status["Uid"]},
		{Name: "the server's group is not root", Passed: !strings.Contains(" "+status["Gid"]+" ", " 0 ") && status["Gid"] != "", Expected: "no id 0", Got: status["Gid"]},
	}
	name := status["Name"]
	checks = append(checks, Check{
		Name: "the first process is not a shell", Passed: name != "" && !slices.Contains(shells, name), Expected: "the server itself", Got: name,
	})
	if filter, known := status["Seccomp"]; known { // an engine may be built without seccomp
		checks = append(checks, equal("system calls are filtered", "2", filter))
	}
	return checks
}

// shells are programs that a static site does not need.
var shells = []string{"sh", "bash", "ash", "dash", "busybox"}

// checkReadOnly tries to write to several folders of the image, and must fail in all.
func checkReadOnly(ctx context.Context, target Target) (checks []Check) {
	for _, place := range []string{"/", "/etc/nginx", "/srv/site", "/usr/sbin", "/var/log"} {
		const refusal = "Read-only file system" // strerror(EROFS), which touch prints on Debian and Alpine
		c := Check{Name: "nothing can be written to " + place, Expected: refusal}
		_, err := target.Output(ctx, "touch", strings.TrimSuffix(place, "/")+"/kiln-was-here")
		if errors.Is(err, ErrNoTool) {
			return nil
		}
		c.Got = fmt.Sprint(err)
		c.Passed = strings.Contains(c.Got, refusal)
		checks = append(checks, c)
	}
	return checks
}

// checkWorkers expects that no worker of the server has died, whatever was sent to it.
func checkWorkers(ctx context.Context, target Target) []Check {
	const name = "no worker has died"
	log, err := target.Logs(ctx)
	if err != nil {
		return failed(name, err)
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, "exited on signal") || strings.Contains(line, "exited with fatal code") {
			return []Check{{Name: name, Expected: "none in the log", Got: strings.TrimSpace(line)}}
		}
	}
	return []Check{{Name: name, Passed: true, Expected: "none in the log", Got: "none in the log"}}
}
