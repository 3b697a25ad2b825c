//go:build mage

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/magefile/mage/mg"

	// mage:import
	"github.com/romanatrashyonok/kiln/internal/cliargs/testdata/imported"
	// mage:import space
	"github.com/romanatrashyonok/kiln/internal/cliargs/testdata/imported/space"
)

type Kernel mg.Namespace

type helper struct{}

var Aliases = map[string]any{"kernel": Kernel.All, "i": imported.Image, "image:sign": imported.Seal.All, "p": space.Push}

func Push(ctx context.Context, dryRun *bool, tries *int) error {
	fmt.Println("push")
	return nil
}

// Greet prints a greeting.
//
//	Usage:
func Greet(name string, times int, loud *bool) { fmt.Println("hello", name) }

// Привет prints a greeting.
func Привет(имя string, раз *int) { fmt.Println("привет", имя) }

func (Kernel) All(ctx context.Context,
	name *string, // the kernel
	version *string, // its version
) error {
	fmt.Println("kernel:all")
	return nil
}

func (Kernel) Arm64(ctx context.Context, wait *time.Duration) error { return nil }

func (helper) Exported() {}
func internal()          {}
