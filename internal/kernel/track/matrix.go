package track

import "github.com/romanatrashyonok/kiln/internal/kernel/spec"

// Matrix is the jobs with which CI builds each kernel by itself, in the format of GitHub's
// workflow syntax: {"include": [{...}, ...]}.
type Matrix struct {
	Include []Job `json:"include"`
}

// Job is one kernel for one architecture.
type Job struct {
	Name    string `json:"name"`
	Arch    string `json:"arch"`
	Version string `json:"version"` // the locked version, else the constraint
}

// Matrix returns a job for each spec.
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
