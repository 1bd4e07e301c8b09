package push

import (
	"context"
	"fmt"
	"time"

	"proprio/ownership"
	"proprio/resources"
)

// Credential is what is known of an app's credential besides its secret: many die with the person who made them, or after a
// year.
type Credential struct {
	Owner   string `json:"owner,omitempty"`   // address of whose it is
	Expires string `json:"expires,omitempty"` // the last day on which it is taken, as 2027-01-31
}

// alarmDays is how long before its end an alarm is raised.
const alarmDays = 30

func (c Credential) check() error {
	if _, err := time.Parse(time.DateOnly, c.Expires); c.Expires != "" && err != nil {
		return resources.Errorf(resources.ErrInvalidValue, "", "credential.expires: want a day such as 2027-01-31, not %q", c.Expires)
	}
	if _, ok := ownership.AddressDomain(c.Owner); c.Owner != "" && !ok {
		return resources.Errorf(resources.ErrInvalidValue, "", "credential.owner: want an e-mail address, not %q", c.Owner)
	}
	return nil
}

// AlarmKind says what is wrong, or soon will be, with an app's credential.
type AlarmKind string

// The alarms.
const (
	AlarmExpired AlarmKind = "expired" // its last day is over
	AlarmExpires AlarmKind = "expires" // its last day is near
	AlarmOwner   AlarmKind = "owner"   // whose it is has no access any more
)

// Alarm is one thing that an administrator has to do before an app refuses all calls.
type Alarm struct {
	Kind  AlarmKind `json:"kind"`
	Days  int       `json:"days,omitempty"`  // left, today not counted
	Owner string    `json:"owner,omitempty"` // of the credential
}

func (a Alarm) String() string {
	switch a.Kind {
	case AlarmExpired:
		return "the credential has expired: make a new one in the app and give it with proprio app add"
	case AlarmExpires:
		return fmt.Sprintf("the credential expires in %d days: make a new one in the app and give it with proprio app add", a.Days)
	}
	return fmt.Sprintf("the credential is that of %s, who has no access any more: many apps end a token with its owner", a.Owner)
}

// Alarms says what is wrong, or soon will be, with an app's credential.
func Alarms(ctx context.Context, people People, app App, now time.Time) ([]Alarm, error) {
	c := app.Settings.Credential
	var alarms []Alarm
	if day, err := time.Parse(time.DateOnly, c.Expires); err == nil {
		today := now.UTC().Truncate(24 * time.Hour)
		switch left := int(day.Sub(today) / (24 * time.Hour)); {
		case left < 0:
			alarms = append(alarms, Alarm{Kind: AlarmExpired, Owner: c.Owner})
		case left <= alarmDays:
			alarms = append(alarms, Alarm{Kind: AlarmExpires, Days: left, Owner: c.Owner})
		}
	}
	if c.Owner == "" {
		return alarms, nil
	}
	known, active, err := people.PersonNamed(ctx, app.Company, c.Owner)
	if err != nil {
		return nil, err
	}
	if known && !active {
		alarms = append(alarms, Alarm{Kind: AlarmOwner, Owner: c.Owner})
	}
	return alarms, nil
}

// People knows who is in the directory.
type People interface {
	// PersonNamed says whether there is a User of a userName, and whether it is in force and active.
	PersonNamed(ctx context.Context, company, userName string) (known, active bool, err error)
}
