package enginetest

import (
	"context"
	"testing"

	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

// SmallVolume creates a volume in memory that is soon full; size is in bytes, as "1m". It is
// removed when the test ends.
func SmallVolume(t testing.TB, name, size string) {
	t.Helper()
	api, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		api.VolumeRemove(context.Background(), name, true)
		api.Close()
	})
	_, err = api.VolumeCreate(t.Context(), volume.CreateOptions{
		Name: name, Labels: map[string]string{engine.Label: "test"},
		DriverOpts: map[string]string{"type": "tmpfs", "device": "tmpfs", "o": "mode=1777,size=" + size},
	})
	if err != nil {
		t.Fatal(err)
	}
}
