// Package imported holds targets that a magefile imports, and checks the command line
// as package targets does.
package imported

import (
	"fmt"

	"github.com/magefile/mage/mg"

	"github.com/romanatrashyonok/kiln/internal/cliargs"
)

func init() { cliargs.MustCheck(map[string]string{"kernel": "kernel:all", "absent": "gone"}) }

// Seal holds targets.
type Seal mg.Namespace

// All seals.
func (Seal) All(key *string) { fmt.Println("seal:all") }

// Image builds.
func Image() error {
	fmt.Println("image")
	return nil
}
