package load

import (
	"errors"

	"proprio/resources"
)

// Fate is what became of a row.
type Fate string

// The fates of rows.
const (
	Created   Fate = "created"
	Updated   Fate = "updated"
	Unchanged Fate = "unchanged" // it is there already as the row says
	There     Fate = "there"     // it is there already, and the row was not looked at
	Refused   Fate = "refused"
)

// Told is what is told of a row.
type Told struct {
	Line      int    `json:"line"`
	Fate      Fate   `json:"fate"`
	Name      string `json:"name,omitempty"`
	ID        string `json:"id,omitempty"`
	Hold      string `json:"hold,omitempty"`      // why the User is not in force
	Attribute string `json:"attribute,omitempty"` // at fault
	Detail    string `json:"detail,omitempty"`    // of a refusal

	Ignored []string `json:"ignored,omitempty"` // attributes that no schema of the company knows
}

// Totals count rows.
type Totals struct {
	Rows      int `json:"rows"`
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	There     int `json:"there"`
	Refused   int `json:"refused"`
	Held      int `json:"held"`    // created or updated, and not in force
	Members   int `json:"members"` // that rows name of Groups, and that are there
	Waiting   int `json:"-"`       // rows that wait for others that they refer to
}

// refusal is what is told of a row that was refused.
func refusal(line int, name string, err error) Told {
	told := Told{Line: line, Fate: Refused, Name: name, Detail: err.Error()}
	var fault *resources.Error
	if errors.As(err, &fault) {
		told.Attribute, told.Detail = fault.Path, fault.Detail
	}
	return told
}

// count adds what became of a row.
func (t *Totals) count(told Told) {
	switch told.Fate {
	case Created:
		t.Created++
	case Updated:
		t.Updated++
	case Unchanged:
		t.Unchanged++
	case There:
		t.There++
	case Refused:
		t.Refused++
	}
	if told.Hold != "" {
		t.Held++
	}
}
