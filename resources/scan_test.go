package resources_test

import (
	"errors"
	"strings"
	"testing"

	"proprio/resources"
	"proprio/resources/filter"
)

// RFC 7644 §3.4.2.2: a filter whose comparisons each look at every resource has few of them; look-ups it may have as
// many as the parser takes. Three hundred emails[value co "n"] kept the database busy for 15 s over 3,000 Users before.
func TestBind_LimitsWhatNoIndexAnswers(t *testing.T) {
	t.Parallel()
	const few, many = resources.MaxScans, 250
	for _, c := range []struct {
		typ, term, word string
		most            int
	}{
		{resources.TypeUser, `emails[value co "n"]`, " or ", few},
		{resources.TypeUser, `emails.value co "n"`, " and ", few},
		{resources.TypeUser, `emails[type eq "work"]`, " or ", few},
		{resources.TypeUser, `emails[value eq "n" or type eq "work"]`, " or ", few / 2},
		{resources.TypeUser, `emails eq null`, " or ", few},
		{resources.TypeUser, `phoneNumbers eq "1"`, " or ", few},
		{resources.TypeUser, `groups pr`, " and ", few},
		{resources.TypeUser, `userName sw "n"`, " or ", few},
		{resources.TypeUser, `not (title eq "n")`, " or ", few},
		{resources.TypeUser, `meta.lastModified gt "2026-01-01T00:00:00Z"`, " and ", few},
		{resources.TypeGroup, `members[type eq "User"]`, " or ", few},

		{resources.TypeUser, `userName eq "n"`, " or ", many},
		{resources.TypeUser, `id eq "n"`, " or ", many},
		{resources.TypeUser, `externalId ne "n"`, " and ", many},
		{resources.TypeUser, `emails eq "n"`, " or ", many},
		{resources.TypeUser, `emails[type eq "a" and value eq "n"]`, " or ", many - 60}, // 8 KiB
		{resources.TypeUser, `not (groups.value eq "n")`, " and ", many},
		{resources.TypeUser, `manager eq "n"`, " or ", many},
		{resources.TypeGroup, `displayName eq "n"`, " or ", many},
		{resources.TypeGroup, `members eq "n"`, " or ", many},
	} {
		rt := resources.NewRegistry().Type(c.typ)
		repeat := func(n int) string { return strings.Repeat(c.term+c.word, n-1) + c.term }
		if _, err := bind(t, rt, repeat(c.most), filter.Options{}); err != nil {
			t.Errorf("%d × %s: %v", c.most, c.term, err)
		}
		if c.most > few {
			continue
		}
		_, err := bind(t, rt, repeat(c.most+1), filter.Options{})
		if !errors.Is(err, resources.ErrInvalidFilter) || !strings.Contains(err.Error(), "40 are the limit") {
			t.Errorf("%d × %s: %v, want it refused with the limit named", c.most+1, c.term, err)
		}
	}
}
