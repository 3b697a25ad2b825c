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
	Missing = "missing" // and Kiln cannot do without
	Warn    = "warn"    // something will be slower, or not work
)

// Finding is one thing that this machine has or lacks.
type Finding struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Detail string `json:"detail"`
	Fix    string `json:"mend,omitempty"` // the command that mends it
}

// String is the finding's line for people.
func (f Finding) String() string {
	line := fmt.Sprintf("%-8s %-23s %s", f.State, f.Name, f.Detail)
	if f.Fix != "" {
		line += "; mend: " + f.Fix
	}
	return line
}

// Check looks at one thing.
type Check func(context.Context) Finding

// checkTimeout bounds each check: the whole of them stays within some seconds.
const checkTimeout = 3 * time.Second

// Doctor runs the checks side by side and gives what they found, in their order.
// The error, of the surroundings, names what Kiln cannot do without.
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
	var lacking []string
	for _, f := range findings {
		if f.State == Missing {
			lacking = append(lacking, f.Name)
		}
	}
	if len(lacking) > 0 {
		return findings, fault.New(fault.Environment, "go tool mage setup", "this machine lacks %s", strings.Join(lacking, ", "))
	}
	return findings, nil
}

// Program looks for a piece's program and asks its version.
func Program(p Dependency) Check {
	return func(ctx context.Context) Finding {
		f := Finding{Name: p.Program, State: OK}
		path, ok := find(p.Program)
		if !ok {
			f.State, f.Detail, f.Fix = Missing, "not installed; "+p.For, "go tool mage setup"
			if p.Optional {
				f.State, f.Fix = Warn, "apt-get install "+strings.Join(p.Packages, " ")
			}
			return f
		}
		f.Detail = version(ctx, path)
		return f
	}
}

// version gives the first line of what a program says of its version.
func version(ctx context.Context, path string) string {
	for _, flag := range []string{"--version", "-v"} {
		out, err := exec.CommandContext(ctx, path, flag).CombinedOutput()
		if line, _, _ := bytes.Cut(out, []byte("\n")); err == nil && len(line) > 0 {
			return string(line)
		}
	}
	return path
}

// Reach asks whether a server answers at all, whatever it says.
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

// diskWanted is what a kernel's source, its output and the images take, in bytes.
const diskWanted = 10 << 30

// Disk tells how much is free where path is.
func Disk(name, path string) Check {
	return func(context.Context) Finding {
		free, err := freeBytes(path)
		if err != nil {
			return Finding{Name: name, State: Warn, Detail: err.Error()}
		}
		f := Finding{Name: name, State: OK, Detail: report.Bytes(free) + " free at " + path}
		if free < diskWanted {
			f.State, f.Fix = Warn, "go tool mage prune; builds want "+report.Bytes(diskWanted)
		}
		return f
	}
}

// KVM tells whether kernels of this machine's architecture boot at full speed.
func KVM(context.Context) Finding {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return Finding{Name: "KVM", State: Warn, Detail: "not usable, kernels boot emulated: " + err.Error()}
	}
	f.Close()
	return Finding{Name: "KVM", State: OK, Detail: "usable"}
}

// Machine tells cores and memory, as far as this process may use them.
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

// memoryBytes is the least of the machine's memory (proc_meminfo(5)) and the limits
// of the control group, in either version. GOMAXPROCS has cores right already.
func memoryBytes() int64 {
	least := int64(0)
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "MemTotal:" {
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			least = kib << 10
		}
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if limit, e := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && e == nil && limit < least {
			least = limit
		}
	}
	return least
}
