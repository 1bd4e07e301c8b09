package resources

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Operations on members become a difference of membership (Q32 to Q35). The Group holds a, b and c; x, y and z exist.
func TestMembers(t *testing.T) {
	t.Parallel()
	user := func(ids ...string) []Member {
		var members []Member
		for _, id := range ids {
			members = append(members, Member{ID: id, Type: TypeUser})
		}
		return members
	}
	for _, tt := range []struct {
		name string
		ops  []Operation
		want MemberChange
	}{
		{"add", []Operation{op(t, OpAdd, "members", `[{"value":"x"},{"value":"y","$ref":null,"display":"Y","type":"Group"}]`)},
			MemberChange{Add: user("x", "y")}},
		{"Q15: one named twice", []Operation{op(t, OpAdd, "members", `[{"value":"x"},{"value":"x"}]`)}, MemberChange{Add: user("x")}},
		{"Q40: one, not in a list", []Operation{op(t, OpAdd, "members", `{"VALUE":"x"}`)}, MemberChange{Add: user("x")}},
		{"bare ids", []Operation{op(t, OpAdd, "members", `["x","y"]`)}, MemberChange{Add: user("x", "y")}},
		{"add by value path", []Operation{op(t, OpAdd, `members[value eq "x"]`, `{}`)}, MemberChange{Add: user("x")}},
		{"Q32: remove with a list", []Operation{op(t, OpRemove, "members", `[{"$ref":null,"value":"a"},{"value":"b"}]`)}, MemberChange{Remove: []string{"a", "b"}}},
		{"Q32: remove with bare text", []Operation{op(t, OpRemove, "members", `"a"`)}, MemberChange{Remove: []string{"a"}}},
		{"Q32: remove with a list of text", []Operation{op(t, OpRemove, "members", `["b","a"]`)}, MemberChange{Remove: []string{"a", "b"}}},
		{"Q32: remove nested", []Operation{op(t, OpRemove, "members", `{"members":[{"value":"a"}]}`)}, MemberChange{Remove: []string{"a"}}},
		{"Q32: remove by value path", []Operation{op(t, OpRemove, `members[value eq "a"]`, ``)}, MemberChange{Remove: []string{"a"}}},
		{"Q32: remove by value path, several", []Operation{op(t, OpRemove, `MEMBERS[VALUE eq "a" or value EQ "b" or value eq "x"]`, ``)},
			MemberChange{Remove: []string{"a", "b", "x"}}},
		{"remove without value removes all", []Operation{op(t, OpRemove, "members", ``)}, MemberChange{Clear: true}},
		{"Q33: remove with an empty list removes none", []Operation{op(t, OpRemove, "members", `[]`)}, MemberChange{Remove: []string{}}},
		{"Q33: and with an empty list nested", []Operation{op(t, OpRemove, "members", `{"members":[]}`)}, MemberChange{Remove: []string{}}},
		{"Q33: and with empty text", []Operation{op(t, OpRemove, "members", `""`)}, MemberChange{Remove: []string{}}},
		{"Q35: replace is the full set", []Operation{op(t, OpReplace, "members", `[{"value":"a"},{"value":"x"}]`)}, MemberChange{Clear: true, Add: user("a", "x")}},
		{"replace by []", []Operation{op(t, OpReplace, "members", `[]`)}, MemberChange{Clear: true}},
		{"replace by null", []Operation{op(t, OpReplace, "members", `null`)}, MemberChange{Clear: true}},
		{"by another filter", []Operation{op(t, OpRemove, `members[display sw "B" or type eq "group"]`, ``)}, MemberChange{Remove: []string{"b", "c"}}},
		{"by a filter that excludes", []Operation{op(t, OpRemove, `members[not (value eq "a")]`, ``)}, MemberChange{Remove: []string{"b", "c"}}},
		{"Okta: remove and add", []Operation{op(t, OpRemove, `members[value eq "a"]`, ``), op(t, OpAdd, "members", `[{"value":"x"}]`)},
			MemberChange{Add: user("x"), Remove: []string{"a"}}},
		{"Q37: the later wins, remove", []Operation{op(t, OpAdd, "members", `["x"]`), op(t, OpRemove, "members", `["x"]`)}, MemberChange{Remove: []string{"x"}}},
		{"Q37: the later wins, add", []Operation{op(t, OpRemove, "members", `["a"]`), op(t, OpAdd, "members", `["a"]`)}, MemberChange{Add: []Member{{ID: "a", Type: TypeUser}}}},
		{"Q37: clear forgets what came before", []Operation{op(t, OpAdd, "members", `["x"]`), op(t, OpRemove, "members", ``), op(t, OpAdd, "members", `["y"]`)},
			MemberChange{Clear: true, Add: user("y")}},
		{"Q37: a filter sees what was added and cleared before", []Operation{op(t, OpReplace, "members", `["x","c"]`), op(t, OpRemove, `members[type eq "Group"]`, ``)},
			MemberChange{Clear: true, Add: user("x")}},
		{"an unknown one added and removed again", []Operation{op(t, OpAdd, "members", `["nobody"]`), op(t, OpRemove, "members", `["nobody"]`)}, MemberChange{Remove: []string{"nobody"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := changeMembers(t, tt.ops...)
			if err != nil {
				t.Fatal(err)
			}
			if tt.want.Remove == nil && !tt.want.Clear {
				tt.want.Remove = []string{}
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// changeMembers applies operations to a Group that holds the Users a and b and the Group c.
func changeMembers(t *testing.T, ops ...Operation) (*MemberChange, error) {
	t.Helper()
	d := newDraft(registry.Type(TypeGroup), Switches{}, Document{"displayName": "G"})
	for _, o := range ops {
		if err := d.apply(o); err != nil {
			return nil, err
		}
	}
	present := []Member{{ID: "a", Type: TypeUser, Display: "Anna"}, {ID: "b", Type: TypeUser, Display: "Ben"}, {ID: "c", Type: TypeGroup, Display: "Crew"}}
	if !d.members.needsMembers() {
		present = nil // what is not needed is not read
	}
	types := map[string]string{"a": TypeUser, "b": TypeUser, "c": TypeGroup, "x": TypeUser, "y": TypeUser, "g": TypeGroup}
	return d.members.change("g", types, present, d.work)
}

func TestMembers_refuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		op            Operation
		kind          error
		path, details string
	}{
		{"row 2: unknown", op(t, OpAdd, "members", `["x","nobody"]`), ErrInvalidValue, "members.value", `"nobody"`},
		{"itself", op(t, OpAdd, "members", `["g"]`), ErrInvalidValue, "members.value", "of itself"},
		{"without value", op(t, OpAdd, "members", `[{"display":"x"}]`), ErrInvalidValue, "members.value", "needs a value"},
		{"with an empty value", op(t, OpAdd, "members", `[{"value":""}]`), ErrInvalidValue, "members.value", "needs a value"},
		{"with a number", op(t, OpReplace, "members", `[7]`), ErrInvalidValue, "members.value", "not 7"},
		{"remove without value inside", op(t, OpRemove, "members", `[{"display":"x"}]`), ErrInvalidValue, "members.value", "needs a value"},
		{"row 37: editing a member", op(t, OpReplace, `members[value eq "a"].value`, `"x"`), ErrMutability, `members[value eq "a"].value`, "cannot be edited"},
		{"row 37: replacing a member", op(t, OpReplace, `members[value eq "a"]`, `{"value":"x"}`), ErrMutability, `members[value eq "a"]`, "cannot be edited"},
		{"row 37: all values", op(t, OpReplace, `members.value`, `"x"`), ErrMutability, `members.value`, "cannot be edited"},
		{"display is the server's", op(t, OpReplace, `members[value eq "a"].display`, `"x"`), ErrMutability, `members[value eq "a"].display`, "read-only"},
		{"add by a filter that names nobody", op(t, OpAdd, `members[type eq "User"]`, `{}`), ErrNoTarget, `members[type eq "User"]`, "which members"},
		{"unknown name in the filter", op(t, OpRemove, `members[pet eq "x"]`, ``), ErrInvalidFilter, `members[pet]`, "no sub-attribute"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := changeMembers(t, tt.op)
			wantFault(t, err, tt.kind, tt.path, tt.details)
		})
	}
}

// Q55: a Group's members in a whole resource; absent and null are the same, and not the same as [].
func TestMembers_ofAWholeGroup(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{`{"displayName":"G"}`: false, `{"displayName":"G","members":null}`: false,
		`{"displayName":"G","members":[]}`: true, `{"displayName":"G","Members":[{"value":"x"}]}`: true} {
		d, err := build(t, TypeGroup, Switches{}, in)
		if err != nil {
			t.Fatal(err)
		}
		if (d.members != nil) != want {
			t.Errorf("%s: names members = %v, want %v", in, d.members != nil, want)
		}
		if d.doc["members"] != nil {
			t.Errorf("%s: members are in the document", in)
		}
	}
}
