package export

import (
	"strings"
	"testing"
)

// A name that meant two things would mean one of them by chance.
func TestNoNameMeansTwoThings(t *testing.T) {
	t.Parallel()
	for file, text := range map[string]string{"columns.txt": columnsText, "status.txt": statusText} {
		seen := map[string]string{}
		for line := range strings.Lines(text) {
			key, names, ok := strings.Cut(line, "=")
			if !ok || strings.HasPrefix(line, "#") {
				continue
			}
			for name := range strings.SplitSeq(names, ",") {
				if name = strings.TrimSpace(name); name != fold(name) {
					t.Errorf("%s: %q is written %q where names are compared", file, name, fold(name))
				}
				if seen[name] != "" {
					t.Errorf("%s: %q is there twice, for %s and %s", file, name, seen[name], key)
				}
				seen[name] = key
			}
		}
	}
}
