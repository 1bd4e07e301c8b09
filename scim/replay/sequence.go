package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Sequence is one recorded conversation.
type Sequence struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Variables are those that the steps use, with the values they have when the player is given no others. An empty
	// value must be given.
	Variables map[string]string `json:"variables"`
	Steps     []Step            `json:"steps"`
}

// Step is one request, what it must answer, and what to keep of the answer.
type Step struct {
	Name    string  `json:"name"`
	Request Request `json:"request"`
	Expect  Expect  `json:"expect"`
	// Save keeps parts of the response body as variables, by path: {"userId": "id", "first": "Resources.0.id"}.
	Save map[string]string `json:"save"`
}

// Request is one HTTP request. Texts in it may hold ${name}.
type Request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`  // behind the base URL
	Query   map[string]string `json:"query"` // appended to the path, encoded
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body"` // JSON; a text is sent as it is
}

// Expect is what an answer must be.
type Expect struct {
	Status  Statuses          `json:"status"`
	Headers map[string]string `json:"headers"` // each must be exactly so; "*" is any value, "" is absent
	// Body is a part of the answer: members that it does not name may be anything, lists have the elements it names, in
	// any order, and no others.
	Body any `json:"body"`
	// Absent are paths that must not be in the answer.
	Absent []string `json:"absent"`
}

// Statuses are the HTTP statuses that are right; in JSON one number or a list.
type Statuses []int

// UnmarshalJSON takes a number or a list of numbers.
func (s *Statuses) UnmarshalJSON(data []byte) error {
	var one int
	if err := json.Unmarshal(data, &one); err == nil {
		*s = Statuses{one}
		return nil
	}
	return json.Unmarshal(data, (*[]int)(s))
}

// Load reads a sequence from a file. A key that the format does not have is an error: it is a misspelt expectation,
// which would otherwise hold for ever.
func Load(files fs.FS, path string) (*Sequence, error) {
	data, err := fs.ReadFile(files, path)
	if err != nil {
		return nil, fmt.Errorf("load sequence: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	s := &Sequence{}
	if err := decoder.Decode(s); err != nil {
		return nil, fmt.Errorf("load sequence %s: %w", path, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("load sequence %s: text after the JSON object", path)
	}
	for i, step := range s.Steps {
		if step.Name == "" || step.Request.Method == "" || step.Request.Path == "" || len(step.Expect.Status) == 0 {
			return nil, fmt.Errorf("load sequence %s: step %d needs a name, a method, a path and a status", path, i+1)
		}
	}
	return s, nil
}
