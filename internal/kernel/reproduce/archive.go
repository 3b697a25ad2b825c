package reproduce

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// compareArchives compares two tars, packed by zstd, member by member. Where all
// members are the same, how they were packed differs.
func compareArchives(name string, a, b []byte, s Markers) (list []Difference, err error) {
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
		if text, other := first[member], second[member]; !bytes.Equal(text, other) {
			list = append(list, moduleDifference(member, text, other, s))
		}
	}
	if len(list) == 0 {
		list = append(list, difference(name, a, b, s))
	}
	if len(list) > placesPerFile {
		list = list[:placesPerFile]
	}
	return list, nil
}

// signature is what a signed module ends with (the kernel's include/linux/module_signature.h).
const signature = "~Module signature appended~\n"

// moduleDifference tells a signature that differs from a module that does.
func moduleDifference(name string, a, b []byte, s Markers) Difference {
	d := difference(name, a, b, s)
	if s.signs() && bytes.HasSuffix(a, []byte(signature)) && bytes.HasSuffix(b, []byte(signature)) {
		d.Cause = causeKey
	}
	return d
}

// members unpacks a tar.zst: each member's content, and for one that is no file, or has
// another mode than files have, that too.
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
