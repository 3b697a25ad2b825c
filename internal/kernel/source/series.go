package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// seriesFile is the file in which quilt(1) and Debian's packages list patches.
const seriesFile = "series"

// readSeries returns the patches that a quilt series lists, in its order. Its options -pN
// are not needed: how many folders to strip follows from the source.
func readSeries(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var files []string
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		number++
		line, _, _ = strings.Cut(line, " #")
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		for _, option := range fields[1:] {
			if !strings.HasPrefix(option, "-p") {
				return nil, fmt.Errorf("%s:%d: expected the name of a patch, optionally -pN, got %q", path, number, strings.TrimSpace(line))
			}
		}
		file := filepath.Join(filepath.Dir(path), fields[0])
		if !isFile(file) {
			return nil, fmt.Errorf("%s:%d: %s is no file", path, number, file)
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s lists no patch", path)
	}
	return files, nil
}
