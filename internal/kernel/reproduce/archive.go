package reproduce

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
)

// compareArchives compares two tars, compressed by zstd, member by member. If all members are
// equal, it returns the first difference of the compressed bytes.
func compareArchives(name string, a, b []byte, m Markers) (list []Difference, err error) {
	first, err := members(a)
	if err != nil {
		return nil, err
	}
	second, err := members(b)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(first))
	for member := range second {
		if _, both := first[member]; !both {
			names = append(names, member)
		}
	}
	for _, member := range names {
		if one, other := first[member], second[member]; !bytes.Equal(one, other) {
			list = append(list, moduleDifference(member, one, other, m))
		}
	}
	if len(list) == 0 {
		list = append(list, difference(name, a, b, m))
	}
	if len(list) > placesPerFile {
		list = list[:placesPerFile]
	}
	return list, nil
}

// signature is the end of a signed module (the kernel's include/linux/module_signature.h).
const signature = "~Module signature appended~\n"

// moduleDifference is difference for a member: where Kbuild generates the signing key, that
// is the cause for two signed modules.
func moduleDifference(name string, a, b []byte, m Markers) Difference {
	d := difference(name, a, b, m)
	if kconfig.GeneratesKey(m.Options) && bytes.HasSuffix(a, []byte(signature)) && bytes.HasSuffix(b, []byte(signature)) {
		d.Cause = kconfig.CauseKey
	}
	return d
}

// members reads a tar.zst: the content of each member, by name. For a member other than a
// file with mode 0644 its type, mode and link target precede the content.
func members(packed []byte) (map[string][]byte, error) {
	unpacked, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	defer unpacked.Close()
	files := map[string][]byte{}
	in := tar.NewReader(unpacked)
	for {
		head, err := in.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		if kind := fmt.Sprintf("%c %o %s", head.Typeflag, head.Mode, head.Linkname); kind != "0 644 " {
			text = append([]byte(kind+"\n"), text...)
		}
		files[head.Name] = text
	}
}
