package builder

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/registry"
)

// TestMain removes the output trees that several tests share.
func TestMain(m *testing.M) {
	code := m.Run()
	if err := removeShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// removeShared removes the outputs of microSpec's kernel. Without an engine there are none.
func removeShared() error {
	ctx := context.Background()
	e, err := engine.Connect(ctx, os.Getenv, registry.New(os.Getenv, ""))
	if err != nil {
		return nil
	}
	defer e.Close()
	for _, suffix := range []string{"", "-config"} {
		if err := e.Volumes().Remove(ctx, "kiln-output-configured-amd64"+suffix); err != nil {
			return err
		}
	}
	return nil
}
