package fetch

import (
	"context"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
)

// scriptsCommand makes the scripts among some files executable: those that begin with #!.
// Kbuild runs many of them by their names.
const scriptsCommand = `open my $list, "<", $ARGV[0] or die; local $/ = "\0";
while (my $name = <$list>) {
	chomp $name;
	next if -l $name || !-f $name || -x $name;
	my ($file, $head);
	open($file, "<", $name) && read($file, $head, 2) or next;
	chmod 0755, $name if $head eq "#!";
}`

// makeListedExecutable makes the scripts among the files of listFile executable.
func makeListedExecutable(ctx context.Context, ctr *engine.Container) error {
	_, err := ctr.Output(ctx, engine.Command{Argv: []string{"perl", "-e", scriptsCommand, listFile}})
	return fault.Wrap(fault.Environment, err)
}

// makeScriptsExecutable makes the scripts of a tree executable: a zip archive and some file
// systems lose that.
func makeScriptsExecutable(ctx context.Context, ctr *engine.Container) error {
	_, err := ctr.Output(ctx, engine.Command{Argv: []string{
		"find", tree, "-type", "f", "-not", "-perm", "-100", "(", "-path", tree + "/scripts/*", "-o", "-name", "*.sh", "-o", "-name", "*.pl", "-o", "-name", "*.py", ")",
		"-fprint0", listFile,
	}})
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return makeListedExecutable(ctx, ctr)
}

// makeReadable lets every user read the tree: builds do not run as root, and a tarball may
// have been made by somebody whose files nobody else could read.
func makeReadable(ctx context.Context, ctr *engine.Container) error {
	_, err := ctr.Output(ctx, engine.Command{Argv: []string{
		"find", tree, "(", "-type", "f", "-not", "-perm", "-444", "-o", "-type", "d", "-not", "-perm", "-555", ")", "-exec", "chmod", "a+rX,u+w", "{}", "+",
	}})
	return fault.Wrap(fault.Environment, err)
}
