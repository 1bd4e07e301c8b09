package load

import (
	"context"

	"proprio/resources"
)

// item is a row on its way into the directory.
type item struct {
	Row
	name     string // userName or displayName
	folded   string
	external string
	id       string   // of the resource that is there, or was made
	fresh    bool     // it is to be made
	settled  bool     // it is told what became of it, or it waits
	ids      []string // of the members that are there
	missing  []string // names of the others
}

// batch brings rows into the directory.
func (l *Loader) batch(ctx context.Context, rows []Row) error {
	items := make([]item, len(rows))
	for i, row := range rows {
		items[i].Row = row
		if row.Input != nil {
			l.identify(&items[i])
		}
		if row.Fault != nil {
			l.settle(&items[i], refusal(row.Line, items[i].name, row.Fault))
		}
		if !l.later && !row.More {
			l.totals.Rows++
		}
	}
	found, err := l.find(ctx, namesIn(items, l.Type))
	if err == nil {
		err = l.refer(items, found)
	}
	if err == nil {
		err = l.recognize(ctx, items)
	}
	if err == nil {
		err = l.create(ctx, items)
	}
	if err == nil {
		err = l.change(ctx, items)
	}
	if err == nil {
		err = l.await(items)
	}
	return err
}

func (l *Loader) identify(it *item) {
	nameOf, fold := "userName", resources.FoldUserName
	if l.Type.Name == resources.TypeGroup {
		nameOf, fold = "displayName", resources.Fold
	}
	it.name, _ = textOf(it.Input, nameOf)
	it.folded = fold(it.name)
	if l.Caller.Connection != "" {
		it.external, _ = textOf(it.Input, "externalId")
	}
}

func (l *Loader) settle(it *item, told Told) {
	it.settled = true
	l.tell(told)
}

// namesIn are the names by which rows refer to other resources.
func namesIn(items []item, rt *resources.ResourceType) []string {
	var names []string
	seen := map[string]bool{}
	note := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for i := range items {
		if items[i].Input != nil {
			for _, a := range rt.References() {
				note(reference(items[i].Input, a))
			}
		}
		for _, name := range items[i].Members {
			note(name)
		}
	}
	return names
}

// refer puts ids in the place of the names by which Users refer to each other. A row that names somebody who is not there
// waits: that person may come further down.
func (l *Loader) refer(items []item, found map[string]resources.Member) error {
	references := l.Type.References()
	for i := range items {
		it := &items[i]
		for _, name := range it.Members {
			switch {
			case found[name].ID != "":
				it.ids = append(it.ids, found[name].ID)
			case l.Caller.Switches.AllowUnknownMembers:
				it.ids = append(it.ids, name) // the directory keeps it until somebody of that externalId comes
			case !l.saw(name) && !l.saw(resources.FoldUserName(name)):
				it.missing = append(it.missing, name)
			}
		}
		for _, a := range references {
			if it.settled || it.Input == nil {
				break
			}
			name := reference(it.Input, a)
			member := found[name]
			switch {
			case name == "":
			case member.ID != "":
				setReference(it.Input, a, member.ID)
			case l.saw(name) || l.saw(resources.FoldUserName(name)):
				setReference(it.Input, a, "")
			case l.Caller.Switches.AllowUnknownManagers && a.Schema == resources.SchemaEnterprise:
				// the directory keeps it until somebody of that externalId comes
			case l.last:
				l.settle(it, refusal(it.Line, it.name, resources.Errorf(resources.ErrInvalidValue, a.String(),
					"There is no User with the id, externalId or userName %q, in the directory or in the file; or each of some rows "+
						"waits for the other: bring them in without it, and again with it and --update.", name)))
			default:
				it.settled = true
				if err := l.waiting.add(it.Row); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// recognize finds the resources that are there already.
func (l *Loader) recognize(ctx context.Context, items []item) error {
	var folded, external []string
	for i := range items {
		if items[i].settled || items[i].Input == nil {
			continue
		}
		folded = append(folded, items[i].folded)
		if items[i].external != "" {
			external = append(external, items[i].external)
		}
	}
	byName, err := l.Directory.Store.ByName(ctx, l.Caller, l.Type.Name, folded)
	if err != nil {
		return err
	}
	byExternal := map[string]resources.Member{}
	if len(external) > 0 {
		if byExternal, err = l.Directory.Store.ByExternalID(ctx, l.Caller, external); err != nil {
			return err
		}
	}
	inBatch := map[string]bool{}
	for i := range items {
		it := &items[i]
		if it.settled || it.Input == nil {
			continue
		}
		if m := byExternal[it.external]; m.Type == l.Type.Name {
			it.id = m.ID
		} else {
			it.id = byName[it.folded]
		}
		twin := it.folded != "" && (inBatch[it.folded] || l.saw(it.folded))
		switch {
		case it.id == "" && twin: // a row before it is the same
			l.settle(it, Told{Line: it.Line, Fate: There, Name: it.name})
		case it.id != "" && !l.Update:
			l.settle(it, Told{Line: it.Line, Fate: There, Name: it.name, ID: it.id})
		case it.id == "":
			it.fresh, inBatch[it.folded] = true, true
		}
	}
	return nil
}

// create makes what is not there.
func (l *Loader) create(ctx context.Context, items []item) error {
	var fresh []*item
	var inputs []resources.Input
	for i := range items {
		if it := &items[i]; it.fresh && !it.settled {
			if len(it.ids) > 0 {
				it.Input["members"] = memberValues(it.ids)
			}
			fresh, inputs = append(fresh, it), append(inputs, it.Input)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	createMany := l.Directory.CreateMany
	if l.DryRun {
		createMany = l.Directory.TryMany
	}
	outcomes, err := createMany(ctx, l.Caller, l.Type.Name, inputs)
	if err != nil {
		return err
	}
	for i, it := range fresh {
		if outcomes[i].Err != nil {
			l.settle(it, refusal(it.Line, it.name, outcomes[i].Err))
			continue
		}
		r := outcomes[i].Result.Resource
		told := Told{Line: it.Line, Fate: Created, Name: it.name, ID: r.ID, Hold: r.Index.Hold, Ignored: outcomes[i].Result.Ignored}
		if it.id = r.ID; l.DryRun {
			l.would(it.folded)
			l.would(it.external)
			told.ID = "" // nobody will find it
		}
		l.totals.Members += len(it.ids)
		l.settle(it, told)
	}
	return nil
}
