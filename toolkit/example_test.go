package toolkit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/toolkit"
)

// project makes a project folder from files.
func project(files map[string]string) string {
	dir, err := os.MkdirTemp("", "project-")
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o755)
		}
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
	}
	if err != nil {
		panic(err)
	}
	return dir
}

const kernels = `[[kernel]]
name    = "micro"
version = "~> 6.12.0"
arch    = ["amd64", "arm64"]
`

// A project is a folder. Its environment and its output are the caller's to choose.
func ExampleOpen() {
	dir := project(map[string]string{"site/site.toml": `repository = "registry.example.com/me/site"`})
	defer os.RemoveAll(dir)
	p, err := toolkit.Open(toolkit.Options{Dir: dir, Env: []string{"KILN_SITE_PORT=9090"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	settings := p.Site().Settings()
	fmt.Println(settings.Repository, settings.Port)
	// Output: registry.example.com/me/site 9090
}

// All mistakes of the configuration come in one error.
func ExampleExitCode() {
	_, err := toolkit.Open(toolkit.Options{Env: []string{"KILN_SITE_PROT=80", "KILN_OUTPUT=yaml"}})
	fmt.Println(err)
	fmt.Println("exit code", toolkit.ExitCode(err))
	// Output:
	// unknown variable KILN_SITE_PROT; did you mean "KILN_SITE_PORT"?
	// KILN_OUTPUT: expected text or json, got "yaml"
	// exit code 2
}

// Methods print to Options.Stdout and return the same as a value.
func ExampleKernels_Matrix() {
	dir := project(map[string]string{"kernel/kernels.toml": kernels})
	defer os.RemoveAll(dir)
	p, err := toolkit.Open(toolkit.Options{Dir: dir, Env: []string{}, Cache: filepath.Join(dir, "cache")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	matrix, err := p.Kernels().Matrix(toolkit.Choice{Arch: "arm64"})
	fmt.Println(len(matrix.Include), err)
	// Output:
	// {"include":[{"name":"micro","arch":"arm64","version":"~> 6.12.0"}]}
	// 1 <nil>
}

// A target of a magefile of one's own builds one kernel and boots it.
func ExampleRun() {
	ctx := context.Background() // Mage passes one to the target
	err := toolkit.Run(ctx, toolkit.Options{}, func(ctx context.Context, p *toolkit.Project) error {
		router := toolkit.Choice{Name: "micro", Arch: "arm64"}
		if _, err := p.Kernels().Build(ctx, router); err != nil {
			return err
		}
		reports, err := p.Kernels().Boot(ctx, router)
		for _, r := range reports {
			fmt.Println(r.Folder(), r.Verdict)
		}
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// A program builds the site image and verifies it.
func ExampleSite_Verify() {
	ctx := context.Background()
	p, err := toolkit.Open(toolkit.Options{Dir: "/srv/project"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(toolkit.ExitCode(err))
	}
	defer p.Close()
	verdict, err := p.Site().Verify(ctx)
	fmt.Println(verdict.Passed, "checks passed:", err)
}
