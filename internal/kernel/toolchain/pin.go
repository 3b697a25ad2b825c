package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Pin is what a lock says about a toolchain.
type Pin struct {
	Name     string         `json:"name"`
	Image    string         `json:"image,omitempty"` // where it is published, as registry/repository@sha256:...
	Recipe   string         `json:"recipe"`          // hash of Kiln's part of it when it was pinned
	Packages []string       `json:"packages"`        // all that are installed, as NAME=VERSION, sorted
	Programs []plan.Program `json:"programs"`        // the compilers, assemblers, linkers, and Kiln's own

	byPlan bool // it is that of a plan, not of the lock
}

// NewPin returns the pin of a compiler's image.
func NewPin(image Image, c arch.Compiler) (Pin, error) {
	recipe, err := recipeHash(c)
	t := image.Toolchain
	return Pin{Name: t.Name, Recipe: recipe, Packages: t.Packages, Programs: t.Programs}, err
}

// Toolchain returns what is pinned.
func (p Pin) Toolchain() plan.Toolchain {
	return plan.Toolchain{Name: p.Name, Packages: p.Packages, Programs: p.Programs}
}

// Same reports whether two pins pin the same, wherever it is published.
func (p Pin) Same(o Pin) bool {
	return p.Name == o.Name && p.Recipe == o.Recipe && slices.Equal(p.Packages, o.Packages) && slices.Equal(p.Programs, o.Programs)
}

// Valid reports whether the pin names a toolchain, and each package with a version, once and in the
// order in which an image is looked into.
func (p Pin) Valid() bool {
	return p.Name != "" && p.set() && slices.IsSorted(p.Packages) && len(versions(p.Toolchain())) == len(p.Packages) && !slices.ContainsFunc(p.Packages, func(line string) bool { return !packageLine.MatchString(line) }) &&
		(p.Image == "" || imageName.MatchString(p.Image))
}

// The form of a pinned package (deb-control(5), deb-version(7)) and of an image by digest.
var (
	packageLine = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*=[0-9][A-Za-z0-9.+~:-]*$`)
	imageName   = regexp.MustCompile(`^[^\s@]+@sha256:[0-9a-f]{64}$`)
)

// set reports whether the pin pins anything.
func (p Pin) set() bool { return len(p.Packages) > 0 }

// hash returns a hash of the packages and of where the image is published.
func (p Pin) hash() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %s", p.Packages, p.Image))
	return hex.EncodeToString(sum[:])
}

// errUnlike means that an image is not what is pinned.
var errUnlike = errors.New("it differs from what is pinned")

// check returns an errUnlike, with what differs, unless a toolchain has the pinned packages, and
// no others.
func (p Pin) check(t plan.Toolchain) error {
	if !p.set() || slices.Equal(p.Packages, t.Packages) {
		return nil
	}
	return fmt.Errorf("%w: %s", errUnlike, short(packageDifferences(t, p.Toolchain())))
}

// short joins differences, the first few of many.
func short(list []string) string {
	const shown = 8
	if len(list) > shown {
		list = append(slices.Clone(list[:shown]), fmt.Sprintf("and %d more", len(list)-shown))
	}
	return strings.Join(list, "; ")
}

// unlike adds the way out to an errUnlike; any other error it returns as it is.
func (p Pin) unlike(err error) error {
	if !errors.Is(err, errUnlike) {
		return err
	}
	return fault.New(fault.Environment, p.fix(), "build toolchain %s: %w", p.Name, err)
}

// unavailable matches what pin.sh prints about a version that the archive does not have.
var unavailable = regexp.MustCompile(`(?m)kiln: unavailable (\S+) (\S+) *(.*?) *$`)

// buildFailed returns the error of a build. Where the archive does not have pinned versions, it
// names them, and what the archive has.
func (p Pin) buildFailed(err error) error {
	var list []string
	for _, m := range unavailable.FindAllStringSubmatch(err.Error(), -1) {
		has := "nothing of that name"
		if m[3] != "" {
			has = strings.Join(strings.Fields(m[3]), ", ")
		}
		if text := fmt.Sprintf("%s %s (it has %s)", m[1], m[2], has); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	if len(list) == 0 {
		return err
	}
	return fault.NewWithCause(fault.Toolchain, p.fix(), "build toolchain %s: the package archive no longer has versions that are pinned: %s", p.Name, short(list))
}

// fix names the ways out of a pin that cannot be met.
func (p Pin) fix() string {
	published := "or pull the pinned image, once somebody whose engine has it runs go tool mage kernel:update -publish=REPOSITORY"
	if p.Image != "" {
		published = "or make the published image available, which is pulled then: " + p.Image
	}
	if p.byPlan {
		return "make the plan again with what the archive has now: go tool mage kernel:plan; " + published
	}
	return "pin what the archive has now: go tool mage kernel:update -toolchain; " + published
}
