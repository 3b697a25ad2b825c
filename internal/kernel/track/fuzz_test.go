package track

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// FuzzReadLock checks that a lock is either good, with something pinned by each entry, or an
// error of the user's file.
func FuzzReadLock(f *testing.F) {
	f.Add(`{"schema":"kiln/lock/v1","kernels":[{"name":"micro","asked":"~> 6.12.0","version":"6.12.7","url":"https://x/linux-6.12.7.tar.gz","sha256":"00","signer":"a"}]}`)
	f.Add(`{"schema":"kiln/lock/v1","kernels":[{"name":"rc","version":"7.3-rc4","commit":"aa","tag":"v7.3-rc4"}]}`)
	f.Add(`{"schema":"kiln/lock/v1","kernels":[{"version":null}]}`)
	f.Add(`{"schema":"kiln/lock/v1","kernels":[],"toolchains":[{"name":"arm64","recipe":"aa","packages":["bc=1.07.1-4"],"programs":[{"path":"/usr/bin/ld","sha256":"aa"}]}]}`)
	f.Add(`{"schema":"kiln/lock/v2"}`)
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), LockFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		lock, err := ReadLock(path)
		if err != nil {
			if fault.Code(err) != int(fault.Usage) {
				t.Errorf("%v", err)
			}
			return
		}
		for _, p := range lock.Toolchains {
			if !p.Valid() {
				t.Errorf("accepted %+v", p)
			}
		}
		for _, k := range lock.Kernels {
			if r := k.Ref(); r.Version.IsZero() || r.SHA256+r.Commit == "" || r.String() == "" {
				t.Errorf("accepted %+v", k)
			}
		}
	})
}
