package imagebuild

import (
	"maps"
	"slices"
)

// Layout is what a Dockerfile alone says of its image.
type Layout struct {
	Files       []Copied // sorted by path
	Command     []string // ENTRYPOINT and CMD
	Ports       []string // of EXPOSE, as "8080/tcp", sorted
	HealthCheck []string // the command of HEALTHCHECK, after CMD or CMD-SHELL; empty where there is none
}

// unknownBase is the configuration of a base of which nothing is known.
const unknownBase = `{"os":"linux","architecture":"amd64"}`

// Layout returns what is known of the image on any base. It reads no file.
func (d Dockerfile) Layout(in Input) (l Layout, err error) {
	e, err := d.run(Base{Config: []byte(unknownBase)}, in)
	if err != nil {
		return l, err
	}
	l.Files = e.copied()
	l.Command = slices.Concat(e.config.Entrypoint, e.config.Cmd)
	l.Ports = slices.Sorted(maps.Keys(e.config.ExposedPorts))
	if h := e.config.Healthcheck; h != nil && len(h.Test) > 0 {
		l.HealthCheck = h.Test[1:]
	}
	return l, nil
}
