package enginetest

import (
	"context"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

// Containers returns the names with a prefix of the containers that Kiln created in the
// engine, in this run or a different one.
func Containers(t testing.TB, e *engine.Client, prefix string) (names []string) {
	t.Helper()
	info, err := e.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	api, err := client.NewClientWithOpts(client.WithHost(info.Host), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	list, err := api.ContainerList(t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", engine.Label))})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		for _, name := range c.Names {
			if name = strings.TrimPrefix(name, "/"); strings.HasPrefix(name, prefix) {
				names = append(names, name)
			}
		}
	}
	return names
}

// RemoveLater removes a container when the test ends, also where the client that made it no
// longer reaches the engine.
func RemoveLater(t testing.TB, e *engine.Client, id string) {
	t.Helper()
	info, err := e.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		api, err := client.NewClientWithOpts(client.WithHost(info.Host), client.WithAPIVersionNegotiation())
		if err != nil {
			t.Error(err)
			return
		}
		defer api.Close()
		api.ContainerRemove(context.Background(), id, container.RemoveOptions{Force: true})
	})
}
