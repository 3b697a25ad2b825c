package spec

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReadFiles(t *testing.T) {
	dir := folder(t, map[string]string{"keys/ours.pem": "a key", "root/init": "#!/bin/sh\n", "root/etc/passwd": "root\n"})
	if err := os.Chmod(filepath.Join(dir, "root/init"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "root/proc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"root/sh": "/bin/busybox", "linked": "root"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "keys/fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		files map[string]string
		want  string // path and mode of each, or a part of the error
	}{
		"none":              {nil, ""},
		"file":              {map[string]string{"certs/ours.pem": "keys/ours.pem"}, "certs/ours.pem 644"},
		"file in a folder":  {map[string]string{"certs/": "keys/ours.pem"}, "certs/ours.pem 644"},
		"folder":            {map[string]string{"./rootfs/": "root"}, "rootfs/etc/passwd 644, rootfs/init 755, rootfs/proc folder, rootfs/sh link"},
		"link to a folder":  {map[string]string{"r": "linked"}, "r/etc/passwd 644, r/init 755, r/proc folder, r/sh link"},
		"absolute path":     {map[string]string{"a": filepath.Join(dir, "keys/ours.pem")}, "a 644"},
		"missing":           {map[string]string{"a": "none", "b": "none"}, "files \"a\": stat"},
		"both missing":      {map[string]string{"a": "none", "b": "none"}, "files \"b\": stat"},
		"leaves the tree":   {map[string]string{"../a": "root"}, "expected a path in the source's tree"},
		"absolute target":   {map[string]string{"/etc/passwd": "root/etc/passwd"}, "expected a path in the source's tree"},
		"no target":         {map[string]string{"": "root"}, "expected a path in the source's tree"},
		"generated key":     {map[string]string{"certs/signing_key.pem": "keys/ours.pem"}, "the build generates certs/signing_key.pem itself"},
		"fifo":              {map[string]string{"a": "keys"}, "neither a file, a folder nor a link"},
		"twice":             {map[string]string{"r": "root", "r/init": "root/init"}, "files: r/init and r/init cannot both be laid"},
		"file as a folder":  {map[string]string{"a": "keys/ours.pem", "a/b": "keys/ours.pem"}, "files: a and a/b cannot both be laid"},
		"names in between":  {map[string]string{"a": "keys/ours.pem", "a-b": "keys/ours.pem", "a/b": "keys/ours.pem"}, "files: a and a/b cannot both be laid"},
		"through a link":    {map[string]string{"r": "root", "r/sh/x": "keys/ours.pem"}, "files: r/sh and r/sh/x cannot both be laid"},
		"the tree's folder": {map[string]string{".": "root/etc"}, "passwd 644"},
	} {
		r := tableReader{table: Table{Files: tc.files}, dir: dir}
		list := r.readFiles()
		text := strings.Join(r.faults, "\n")
		var got []string
		for _, f := range list {
			got = append(got, f.Path+" "+f.Mode)
			if (f.SHA256 == "") != (f.Mode == "folder") && text == "" {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if text != "" && !strings.Contains(text, tc.want) || text == "" && strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: got %v, %s, want %s", name, got, text, tc.want)
		}
	}
}
