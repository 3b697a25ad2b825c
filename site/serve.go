package site

import (
	"context"
	"fmt"
)

// Serve runs the built image on the port of site.toml, with production's
// limits, until ctx ends. Its log goes to the console.
func (s Shop) Serve(ctx context.Context, i Image) error {
	box, err := s.Engine.Run(ctx, production(i.ID, s.Bundle, s.Settings.Port))
	if err != nil {
		return err
	}
	defer box.Remove()
	at, err := s.await(ctx, box)
	if err != nil {
		return err
	}
	if err := s.Console.Result(map[string]string{"url": at.String()}, fmt.Sprintf("serving %s at %s until Ctrl-C", i.Ref, at)); err != nil {
		return err
	}
	log := s.Console.Lines("")
	defer log.Close()
	err = box.Follow(ctx, log)
	if ctx.Err() != nil {
		return nil // Ctrl-C is how this ends
	}
	return err
}
