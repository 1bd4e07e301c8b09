package push_test

import (
	"errors"
	"strings"
	"testing"

	"proprio/push"
	"proprio/resources"
)

func TestParseSettings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                        "EOF",
		`[]`:                      "array",
		`{"repiar": true}`:        `"repiar"`,
		`{"repair": "yes"}`:       "repair",
		`{"repair": true} {}`:     "after its end",
		`{"repair": true, "x":1}`: `"x"`,
	} {
		_, err := push.ParseSettings([]byte(text))
		if !errors.Is(err, resources.ErrInvalidValue) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if s, err := push.ParseSettings([]byte(`{"repair": true}`)); err != nil || !s.Repair {
		t.Errorf("%+v %v", s, err)
	}
}
