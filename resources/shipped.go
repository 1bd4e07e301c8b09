package resources

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed types/*.json
var shipped embed.FS

// ShippedDefinitions lists the names of the definitions that come with the server, such as device. What is known of the
// documents behind them is in docs/resource-types.md.
func ShippedDefinitions() []string {
	entries, err := fs.ReadDir(shipped, "types")
	if err != nil {
		return nil // it is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// ShippedDefinition is one of them.
func ShippedDefinition(name string) (*Definition, error) {
	data, err := shipped.ReadFile(path.Join("types", name+".json"))
	if err != nil {
		return nil, Errorf(ErrNotFound, "", "There is no shipped resource type %q; there are: %s.",
			shorten(name), strings.Join(ShippedDefinitions(), ", "))
	}
	return ParseDefinition(data)
}
