package testdata

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"

	"proprio/scim/replay"
)

//go:embed sequences/*.json
var files embed.FS

// Sequence returns a sequence by its name, such as "entra-default".
func Sequence(name string) (*replay.Sequence, error) {
	return replay.Load(files, path.Join("sequences", name+".json"))
}

// Sequences returns the names of all sequences, sorted.
func Sequences() ([]string, error) {
	paths, err := fs.Glob(files, "sequences/*.json")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = strings.TrimSuffix(path.Base(p), ".json")
	}
	slices.Sort(names)
	return names, nil
}
