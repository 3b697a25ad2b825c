package track

import "github.com/romanatrashyonok/kiln/internal/kernel/spec"

// Matrix is what CI needs to build every kernel in a job of its own: GitHub's
// form, {"include": [{...}, ...]}.
type Matrix struct {
	Include []Job `json:"include"`
}

// Job is one kernel for one architecture.
type Job struct {
	Name    string `json:"name"`
	Arch    string `json:"arch"`
	Version string `json:"version"` // what the lock has, else what the file asks
}

// Matrix gives the jobs for specs.
func (tr *Tracker) Matrix(specs []spec.Spec) Matrix {
	m := Matrix{Include: []Job{}}
	for _, s := range specs {
		job := Job{Name: s.Name, Arch: s.Arch.Name, Version: s.Constraint.String()}
		if locked, ok := tr.Lock.Find(s.Name); ok && locked.Satisfies(s.Constraint) {
			job.Version = locked.Version.String()
		}
		m.Include = append(m.Include, job)
	}
	return m
}
