package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNoTool is what a Box gives for a program that its image does not have: an image
// without tools is as good as one with, and is then not asked so.
var ErrNoTool = errors.New("the image has no such program")

// hardened reads what the server's first process may do from the kernel itself
// (proc_pid_status(5)), and tries to write where nobody should.
func hardened(ctx context.Context, target Target) []Check {
	text, err := target.Output(ctx, "cat", "/proc/1/status")
	if errors.Is(err, ErrNoTool) {
		return nil
	}
	if err != nil {
		return failed("what the server may do", err)
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
		equal("the server can get no capabilities: bounding", none, status["CapBnd"]),
		equal("the server can get no new privileges", "1", status["NoNewPrivs"]),
		{Name: "the server's user is not root", Passed: !strings.Contains(" "+status["Uid"]+" ", " 0 ") && status["Uid"] != "", Expected: "no 0 among them", Got: status["Uid"]},
		{Name: "the server's group is not root", Passed: !strings.Contains(" "+status["Gid"]+" ", " 0 ") && status["Gid"] != "", Expected: "no 0 among them", Got: status["Gid"]},
	}
	name := status["Name"]
	checks = append(checks, Check{
		Name: "the first process is no shell", Passed: name != "" && !slices.Contains(shells, name), Expected: "the server itself", Got: name,
	})
	if filter, known := status["Seccomp"]; known { // an engine may be built without
		checks = append(checks, equal("system calls are filtered", "2", filter))
	}
	return checks
}

// shells are programs that a server of files has no need of.
var shells = []string{"sh", "bash", "ash", "dash", "busybox"}

// readOnly tries to write into places of the image, which must all fail.
func readOnly(ctx context.Context, target Target) (checks []Check) {
	for _, place := range []string{"/", "/etc/nginx", "/srv/site", "/usr/sbin", "/var/log"} {
		const refusal = "Read-only file system" // strerror(EROFS), as touch of Debian and Alpine prints it
		c := Check{Name: "nothing can be written into " + place, Expected: refusal}
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

// unharmed wants that no worker of the server has died, whatever it was sent.
func unharmed(ctx context.Context, target Target) []Check {
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
