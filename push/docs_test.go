package push_test

import (
	"os"
	"regexp"
	"testing"

	"proprio/push"
)

// The settings that the documentation shows are taken.
func TestSettingsOfTheDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/push.md")
	must(t, err)
	examples := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(text, -1)
	if len(examples) == 0 {
		t.Fatal("there is none")
	}
	for _, e := range examples {
		if _, err := push.ParseSettings(e[1]); err != nil {
			t.Errorf("%s: %v", e[1], err)
		}
	}
}
