package push

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"proprio/push/mapping"
	"proprio/resources"
)

// ParseSettings reads settings as JSON. What it does not know it refuses, by name and place.
func ParseSettings(text []byte) (Settings, error) {
	var s Settings
	if err := readSettings(text, &s); err != nil {
		return Settings{}, resources.Errorf(resources.ErrInvalidValue, "", "settings of an app: %v", err)
	}
	return s, s.Check()
}

func readSettings(text []byte, s *Settings) error {
	text = bytes.TrimPrefix(text, []byte("\uFEFF")) // some editors begin every file with it
	start := bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(start) == 0:
		return errors.New("the file is empty: what a new app has is {}")
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return errors.New("it is no text in UTF-8")
	case start[0] != '{':
		return fmt.Errorf("%s: want an object, which begins with {", linePlace(text, len(text)-len(start)))
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(s); err != nil {
		return wrongSettings(text, err)
	}
	end := int(decoder.InputOffset())
	if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
		return fmt.Errorf("%s: there is something after its end", linePlace(text, end))
	}
	return nil
}

// wrongSettings says what is wrong with JSON, and where.
func wrongSettings(text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends too early: a bracket or a quotation mark is never closed")
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: %v", linePlace(text, max(int(syntax.Offset)-1, 0)), syntax)
	case errors.As(err, &kind):
		return fmt.Errorf("%s: %s: want %s, not %s", linePlace(text, max(int(kind.Offset)-1, 0)), strings.TrimPrefix(kind.Field, "Rules."), wantsKind(kind.Type), kind.Value)
	}
	if found := unknownField.FindStringSubmatch(err.Error()); found != nil {
		words := fmt.Sprintf("%s: there is no setting %q", linePlace(text, bytes.Index(text, []byte(`"`+found[1]+`"`))), found[1])
		if meant := mapping.Nearest(found[1], settingNames(reflect.TypeFor[Settings]())); meant != "" {
			words += "; did you mean " + meant + "?"
		}
		return errors.New(words)
	}
	return err
}

// unknownField is how the decoder tells of a name that is none.
var unknownField = regexp.MustCompile(`^json: unknown field "(.*)"$`)

// linePlace is the line and the column of a place in a text, both from 1.
func linePlace(text []byte, at int) string {
	before := text[:min(max(at, 0), len(text))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("line %d, column %d", line, column)
}

// wantsKind is a kind of JSON value, in words.
func wantsKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "an object"
	}
	return "a whole number"
}

// settingNames are the names that settings have, at whatever level.
func settingNames(t reflect.Type) []string {
	var names []string
	switch {
	case t.Kind() == reflect.Slice:
		return settingNames(t.Elem())
	case t.Kind() != reflect.Struct:
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names = append(names, name)
		}
		names = append(names, settingNames(f.Type)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
