//go:build mage

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/magefile/mage/mg"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/interrupt"
)

// Wait waits for a signal and takes half a second to clean up, as Kiln's targets do.
func Wait(ctx context.Context) error {
	err := interrupt.Run(ctx, func(ctx context.Context) error { return wait(ctx) })
	if err != nil {
		return mg.Fatal(fault.Code(err), err)
	}
	return nil
}

// Plain knows SIGINT only, as Mage passes it.
func Plain(ctx context.Context) error { return wait(ctx) }

// Serve ends well on a signal.
func Serve(ctx context.Context) error {
	return interrupt.Run(ctx, func(ctx context.Context) error { wait(ctx); return nil })
}

// Print prints until a signal comes, and takes half a second to clean up.
func Print(ctx context.Context) error {
	err := interrupt.Run(ctx, func(ctx context.Context) error {
		for ctx.Err() == nil {
			fmt.Println("line")
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second / 2)
		fmt.Fprintln(os.Stderr, "cleaned up")
		return ctx.Err()
	})
	if err != nil {
		return mg.Fatal(fault.Code(err), err)
	}
	return nil
}

// Fail fails.
func Fail() error { return mg.Fatal(3, "no engine") }

func wait(ctx context.Context) error {
	fmt.Println("started")
	select {
	case <-ctx.Done():
		time.Sleep(time.Second / 2)
		fmt.Println("cleaned up")
		return ctx.Err()
	case <-time.After(time.Minute):
		return errors.New("no signal came")
	}
}
