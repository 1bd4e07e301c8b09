package load

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"proprio/resources"
)

// jsonSource reads a JSON list: an array of resources, or the Resources of a ListResponse (RFC 7644 §3.4.2).
type jsonSource struct {
	d    *json.Decoder
	rows rowReader
}

func openJSON(r io.Reader, rt *resources.ResourceType) (*jsonSource, error) {
	s := &jsonSource{d: json.NewDecoder(r), rows: rowReader{rt: rt}}
	first, err := s.d.Token()
	if err != nil {
		return nil, fmt.Errorf("JSON: %w", err)
	}
	if first == json.Delim('[') {
		return s, nil
	}
	if first != json.Delim('{') {
		return nil, errors.New("JSON: it is a list of resources, [ … ], or a ListResponse with Resources")
	}
	for s.d.More() {
		key, err := s.d.Token()
		if err != nil {
			return nil, fmt.Errorf("JSON: %w", err)
		}
		if name, _ := key.(string); strings.EqualFold(name, "Resources") {
			if start, err := s.d.Token(); err != nil || start != json.Delim('[') {
				return nil, errors.New("JSON: Resources is a list")
			}
			return s, nil
		}
		var skip json.RawMessage
		if err := s.d.Decode(&skip); err != nil {
			return nil, fmt.Errorf("JSON: %w", err)
		}
	}
	return nil, errors.New("JSON: the object has no Resources; resources one after the other, each an object, are the format ndjson")
}

// Next implements Source.
func (s *jsonSource) Next() (Row, error) {
	if row, ok := s.rows.part(); ok {
		return row, nil
	}
	if !s.d.More() {
		if _, err := s.d.Token(); err != nil {
			return Row{}, fmt.Errorf("the JSON ends too early: %w", unexpected(err))
		}
		return Row{}, io.EOF
	}
	var raw json.RawMessage
	if err := s.d.Decode(&raw); err != nil {
		return Row{}, fmt.Errorf("the JSON is malformed after resource %d: %w", s.rows.line, unexpected(err))
	}
	return s.rows.row(s.rows.line+1, raw), nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// ndjsonSource reads one JSON object a line.
type ndjsonSource struct {
	r    *bufio.Reader
	rows rowReader
	line int
}

// Next implements Source.
func (s *ndjsonSource) Next() (Row, error) {
	if row, ok := s.rows.part(); ok {
		return row, nil
	}
	for {
		text, err := s.r.ReadBytes('\n')
		s.line++
		if text = bytes.TrimSpace(text); len(text) > 0 {
			return s.rows.row(s.line, text), nil
		}
		if err != nil {
			return Row{}, err
		}
	}
}

// rowReader makes rows of JSON objects.
type rowReader struct {
	rt      *resources.ResourceType
	line    int
	members []string // of the Group read last: those that no row had yet
}

// part is a further row of the Group read last.
func (r *rowReader) part() (Row, bool) {
	if len(r.members) == 0 {
		return Row{}, false
	}
	return Row{Line: r.line, Members: r.take(), More: true}, true
}

func (r *rowReader) take() []string {
	n := min(len(r.members), maxPart)
	part := r.members[:n]
	r.members = r.members[n:]
	return part
}

func (r *rowReader) row(line int, raw []byte) Row {
	r.line = line
	row := Row{Line: line}
	if r.rt.Name == resources.TypeGroup {
		if raw, row.Fault = r.takeMembers(raw); row.Fault != nil {
			return row
		}
		row.Members = r.take()
	}
	if row.Input, row.Fault = resources.DecodeObject(raw); row.Fault != nil {
		r.members = nil
		return Row{Line: line, Fault: row.Fault}
	}
	return row
}

// takeMembers takes the members out of a Group, so that there may be any number of them.
func (r *rowReader) takeMembers(raw []byte) ([]byte, error) {
	var group map[string]json.RawMessage
	if err := json.Unmarshal(raw, &group); err != nil {
		return raw, nil // DecodeObject says what is wrong
	}
	for key, value := range group {
		if !strings.EqualFold(key, "members") {
			continue
		}
		var names []memberName
		if err := json.Unmarshal(value, &names); err != nil {
			return nil, resources.Errorf(resources.ErrInvalidValue, "members", "Members are a list of objects with a value, or of texts: %v.", err)
		}
		for _, name := range names {
			r.members = append(r.members, string(name))
		}
		delete(group, key)
	}
	return json.Marshal(group)
}

// memberName is by what a Group names a member: {"value": "…"}, or the text alone.
type memberName string

// UnmarshalJSON implements json.Unmarshaler.
func (m *memberName) UnmarshalJSON(text []byte) error {
	var object struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(text, (*string)(m)) == nil {
		return nil
	}
	if err := json.Unmarshal(text, &object); err != nil || object.Value == "" {
		return errors.New("a member has no value")
	}
	*m = memberName(object.Value)
	return nil
}
