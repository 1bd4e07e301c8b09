package resources

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What one request can make the server compare is bounded, whatever lists and filters it brings together: a body of a
// megabyte asked for a minute of work before (RFC 7644 §3.12: 413).
func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	const many = 9000
	phones := func(key string) string {
		var list []string
		for i := range many {
			list = append(list, fmt.Sprintf(`{"value":"%s%d"}`, key, i))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	from, err := build(t, TypeUser, Switches{}, `{"userName":"b","phoneNumbers":`+phones("p")+`}`)
	if err != nil {
		t.Fatal(err)
	}
	terms := strings.TrimSuffix(strings.Repeat(`value co "z" or `, 400), " or ")
	for _, tt := range []struct {
		name  string
		op    Operation
		times int
	}{
		{"a list taken out of a list", op(t, OpRemove, "phoneNumbers", phones("q")), 2},
		{"a whole list again and again", op(t, OpReplace, "phoneNumbers", phones("q")), 2},
		{"a sub-attribute of every value", op(t, OpReplace, "phoneNumbers.display", `"d"`), 1},
		{"many value paths", op(t, OpReplace, `phoneNumbers[value eq "z"].display`, `"d"`), 2},
		{"a long filter", op(t, OpRemove, "phoneNumbers["+terms+"]", ""), 1},
		{"one added at a time", op(t, OpAdd, "phoneNumbers", `[{"value":"p1"}]`), 2},
	} {
		d := newDraft(from.rt, Switches{}, from.doc)
		d.work.done = maxWork * 9 / 10 // by operations before
		var err error
		for range tt.times {
			if err = d.apply(tt.op); err != nil {
				break
			}
		}
		var named *Error
		if !errors.Is(err, ErrTooLarge) || !errors.As(err, &named) || named.Path != "phoneNumbers" {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if err := newDraft(from.rt, Switches{}, from.doc).apply(op(t, OpRemove, "phoneNumbers", `[{"value":"p1"},{"value":"p2"}]`)); err != nil {
		t.Errorf("a few out of many: %v", err)
	}
}

// A filter on the members costs what the Group holds, each time it is asked.
func TestWorkOnMembersIsBounded(t *testing.T) {
	t.Parallel()
	present := make([]Member, 20_000)
	for i := range present {
		present[i] = Member{ID: fmt.Sprint("m", i), Type: TypeUser, Display: "M"}
	}
	remove := func(times int) error {
		d := newDraft(registry.Type(TypeGroup), Switches{}, Document{"displayName": "G"})
		for range times {
			if err := d.apply(op(t, OpRemove, `members[display eq "x"]`, "")); err != nil {
				return err
			}
		}
		_, err := d.members.change("g", nil, present, d.work)
		return err
	}
	if err := remove(1); err != nil {
		t.Errorf("one: %v", err)
	}
	if err := remove(1000); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a thousand: %v", err)
	}
}

// A request that is over is not worked for any longer, also where the database is not asked.
func TestWorkEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	from, err := build(t, TypeUser, Switches{}, `{"userName":"b","phoneNumbers":[{"value":"1"},{"value":"2"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	d := (&Directory{}).draft(ctx, from.rt, Caller{}, from.doc)
	remove := op(t, OpRemove, `phoneNumbers[value eq "1"]`, "")
	if err := d.apply(remove); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := d.apply(remove); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
}
