package load

import (
	"context"
	"errors"
	"maps"
	"slices"

	"proprio/resources"
	"proprio/resources/filter"
)

// errUndo takes back what a dry run has written.
var errUndo = errors.New("a dry run is undone")

// edit is a change of a resource that is there.
type edit struct {
	*item
	ops    []resources.Operation
	result *resources.Result
	err    error
}

// change merges rows into the resources that are there, and adds members that come in further rows, in one transaction.
func (l *Loader) change(ctx context.Context, items []item) error {
	edits := l.edits(items)
	if len(edits) == 0 {
		return nil
	}
	err := l.Directory.Store.Together(ctx, func(ctx context.Context) error {
		for i := range edits {
			e := &edits[i]
			e.result, e.err = l.Directory.Modify(ctx, l.Caller, l.Type.Name, e.id, resources.Precondition{}, e.ops)
			var refusal *resources.Error
			if e.err != nil && (!errors.As(e.err, &refusal) || errors.Is(e.err, resources.ErrBusy)) {
				return e.err
			}
		}
		if l.DryRun {
			return errUndo
		}
		return nil
	})
	if err != nil && !errors.Is(err, errUndo) {
		return err
	}
	for i := range edits {
		l.tellEdit(&edits[i])
	}
	return nil
}

func (l *Loader) tellEdit(e *edit) {
	switch {
	case e.err != nil:
		l.settle(e.item, refusal(e.Line, e.name, e.err))
		if e.Input != nil {
			e.missing = nil
		}
		return
	case e.Input == nil: // members alone: the Group's first row is told
	case e.result.Changed:
		l.settle(e.item, Told{Line: e.Line, Fate: Updated, Name: e.name, ID: e.id, Hold: e.result.Resource.Index.Hold, Ignored: e.result.Ignored})
	default:
		l.settle(e.item, Told{Line: e.Line, Fate: Unchanged, Name: e.name, ID: e.id})
	}
	l.totals.Members += len(e.ids)
}

// edits are the changes that rows ask for. Those with further members of a Group follow what became of its first row.
func (l *Loader) edits(items []item) []edit {
	var edits []edit
	for i := range items {
		it := &items[i]
		switch {
		case it.Group != "":
			it.id = it.Group
		case it.More:
			it.id = l.group
		case it.Input == nil:
			continue // it could not be read
		default:
			l.group = ""
			if l.Update || it.fresh {
				l.group = it.id
			}
		}
		e := edit{item: it}
		if it.Input != nil && !it.fresh && !it.settled && it.id != "" {
			e.ops = operations(l.Type, it.Input)
		}
		further := it.Input == nil && !l.DryRun || it.Input != nil && !it.fresh && !it.settled
		if further && len(it.ids) > 0 && it.id != "" {
			e.ops = append(e.ops, resources.OperationOn(resources.OpAdd, "members", memberValues(it.ids)))
		}
		if len(e.ops) > 0 {
			edits = append(edits, e)
		}
	}
	return edits
}

// operations merge an input into a resource: what it names is put in the place of what is there, and the rest stays.
func operations(rt *resources.ResourceType, in resources.Input) []resources.Operation {
	var ops []resources.Operation
	for _, key := range slices.Sorted(maps.Keys(in)) {
		value := in[key]
		path, err := filter.ParsePath(key)
		if err != nil || value == nil {
			continue
		}
		if object, ok := value.(map[string]any); ok && rt.Extension(key) != nil && len(object) == 0 {
			continue
		}
		ops = append(ops, resources.Operation{Op: resources.OpReplace, Path: path, Value: value, Lenient: true})
	}
	return ops
}

func memberValues(ids []string) []any {
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = map[string]any{"value": id}
	}
	return values
}

// await keeps the members that are not there: those of a Group may be Groups that come further down.
func (l *Loader) await(items []item) error {
	for i := range items {
		it := &items[i]
		if len(it.missing) == 0 || it.id == "" || it.Input != nil && !it.fresh && !l.Update {
			continue
		}
		if !l.last {
			if err := l.waiting.add(Row{Line: it.Line, Group: it.id, Members: it.missing}); err != nil {
				return err
			}
			continue
		}
		for _, name := range it.missing {
			l.tell(refusal(it.Line, name, resources.Errorf(resources.ErrInvalidValue, "members",
				"There is no User or Group with the id, externalId or userName %q. The Group's other members are in.", name)))
		}
	}
	return nil
}
