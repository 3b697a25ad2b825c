package host

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// The states of a finding.
const (
	OK      = "ok"
	Missing = "missing" // Kiln does not work without it
	Warn    = "warn"    // something is slower or does not work
)

// Finding is the state of one thing that Kiln needs on this machine.
type Finding struct {
	Name   string `json:"name"`
	State  string `json:"state"` // OK, Missing or Warn
	Detail string `json:"detail"`
	Fix    string `json:"mend,omitempty"` // the command that fixes it
}

// String returns the finding as a line of text.
func (f Finding) String() string {
	line := fmt.Sprintf("%-8s %-23s %s", f.State, f.Name, f.Detail)
	if f.Fix != "" {
		line += "; fix: " + f.Fix
	}
	return line
}

// Check examines one thing. Its context ends after checkTimeout.
type Check func(context.Context) Finding

// checkTimeout bounds each check, and so all of them, since they run side by side.
const checkTimeout = 3 * time.Second

// Doctor runs the checks side by side and returns their findings in the order of the
// checks. The error, of class fault.Environment, names what is missing.
func Doctor(ctx context.Context, checks []Check) ([]Finding, error) {
	findings := make([]Finding, len(checks))
	var all sync.WaitGroup
	for i, check := range checks {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTimeout)
			defer cancel()
			findings[i] = check(ctx)
		})
	}
	all.Wait()
	var missing []string
	for _, f := range findings {
		if f.State == Missing {
			missing = append(missing, f.Name)
		}
	}
	if len(missing) > 0 {
		return findings, fault.New(fault.Environment, "go tool mage setup", "check this machine: missing: %s", strings.Join(missing, ", "))
	}
	return findings, nil
}

// Program returns the check that a dependency's program is installed. Its detail is the
// program's version.
func Program(d Dependency) Check {
	return func(ctx context.Context) Finding {
		f := Finding{Name: d.Program, State: OK}
		path, ok := lookPath(d.Program)
		if !ok {
			f.State, f.Detail, f.Fix = Missing, "not installed: "+d.For, "go tool mage setup"
			if d.Optional {
				f.State, f.Fix = Warn, "apt-get install "+strings.Join(d.Packages, " ")
			}
			return f
		}
		f.Detail = version(ctx, path)
		return f
	}
}

// version returns the first line that a program prints about its version, else its path.
func version(ctx context.Context, path string) string {
	for _, flag := range []string{"--version", "-v"} {
		out, err := exec.CommandContext(ctx, path, flag).CombinedOutput()
		if line, _, _ := bytes.Cut(out, []byte("\n")); err == nil && len(line) > 0 {
			return string(line)
		}
	}
	return path
}

// Reach returns the check that a server answers, with whatever status. Without names
// what happens where it does not.
func Reach(name, address, without string) Check {
	return func(ctx context.Context) Finding {
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
		if err == nil {
			var response *http.Response
			if response, err = http.DefaultClient.Do(request); err == nil {
				response.Body.Close()
				return Finding{Name: name, State: OK, Detail: "reachable"}
			}
		}
		return Finding{Name: name, State: Warn, Detail: "not reachable: " + without}
	}
}

// diskNeeded is what a kernel's source, its output and the images take, in bytes.
const diskNeeded = 10 << 30

// Disk returns the check that the file system of path has enough free space.
func Disk(name, path string) Check {
	return func(context.Context) Finding {
		free, err := freeBytes(path)
		if err != nil {
			return Finding{Name: name, State: Warn, Detail: err.Error()}
		}
		f := Finding{Name: name, State: OK, Detail: report.Bytes(free) + " free at " + path}
		if free < diskNeeded {
			f.State, f.Fix = Warn, "go tool mage prune (builds need "+report.Bytes(diskNeeded)+")"
		}
		return f
	}
}

// KVM checks that kernels of this machine's architecture boot with hardware
// virtualization.
func KVM(context.Context) Finding {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return Finding{Name: "KVM", State: Warn, Detail: "not usable, kernels boot in emulation: " + err.Error()}
	}
	f.Close()
	return Finding{Name: "KVM", State: OK, Detail: "usable"}
}

// Machine reports the cores and the memory that this process may use.
func Machine(context.Context) Finding {
	f := Finding{Name: "machine", State: OK, Detail: fmt.Sprintf("%d cores, %s/%s", runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH)}
	if memory := memoryBytes(); memory > 0 {
		f.Detail += ", " + report.Bytes(memory) + " of memory"
		if memory < 2<<30 {
			f.State = Warn
		}
	}
	return f
}

// memoryBytes returns the lowest of the machine's memory (proc_meminfo(5)) and the limits
// of the control group, in either version; 0 where it is unknown. GOMAXPROCS follows the
// limits of cores by itself.
func memoryBytes() int64 {
	lowest := int64(0)
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "MemTotal:" {
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			lowest = kib << 10
		}
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if limit, e := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && e == nil && limit < lowest {
			lowest = limit
		}
	}
	return lowest
}
