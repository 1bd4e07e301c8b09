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
		``:                                   "the file is empty",
		" \n":                                "the file is empty",
		`[]`:                                 "line 1, column 1: want an object",
		`null`:                               "line 1, column 1: want an object",
		`{"mapping": [`:                      "it ends too early",
		"{\n  \"repair\": true,\n}":          "line 3, column 1: invalid character '}'",
		"{\n  \"repiar\": true}":             `line 2, column 3: there is no setting "repiar"; did you mean repair?`,
		`{"mapping": [{"wen": "creation"}]}`: `there is no setting "wen"; did you mean when?`,
		`{"repair": "yes"}`:                  "repair: want true or false, not string",
		`{"scope": 3}`:                       "scope: want a text, not number",
		`{"mapping": {}}`:                    "mapping: want a list, not object",
		`{"deleteAfterDays": "x"}`:           "deleteAfterDays: want a whole number, not string",
		`{"repair": true} {}`:                "line 1, column 17: there is something after its end",
		`{"repair": true, "colour": 1}`:      `"colour"`,
		"{\"repair\": \x00}":                 "no text",
		"\x89PNG\xff":                        "no text",
		`{"guard": {"count": -1}}`:           "guard: want a count",
	} {
		_, err := push.ParseSettings([]byte(text))
		if !errors.Is(err, resources.ErrInvalidValue) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if s, err := push.ParseSettings([]byte("\uFEFF" + `{"repair": true}`)); err != nil || !s.Repair {
		t.Errorf("%+v %v", s, err)
	}
}
