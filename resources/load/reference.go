package load

import (
	"context"
	"strings"

	"proprio/resources"
)

// textOf is a text of an input, under its name in any letter case.
func textOf(in resources.Input, name string) (string, bool) {
	for key, v := range in {
		if strings.EqualFold(key, name) {
			text, ok := v.(string)
			return text, ok
		}
	}
	return "", false
}

// named finds a value in an object by its key in any letter case. A list of one is that one.
func named(object map[string]any, name string) (key string, value any) {
	for key, value := range object {
		if !strings.EqualFold(key, name) {
			continue
		}
		if list, ok := value.([]any); ok && len(list) == 1 {
			return key, list[0]
		}
		return key, value
	}
	return "", nil
}

// reference is by what an input refers to another resource, such as the manager; "" when it does not.
func reference(in resources.Input, a *resources.Attribute) string {
	_, value := named(in, a.String())
	if value == nil {
		_, extension := named(in, a.Schema)
		object, _ := extension.(map[string]any)
		_, value = named(object, a.Name)
	}
	if object, ok := value.(map[string]any); ok {
		_, value = named(object, "value")
	}
	name, _ := value.(string)
	return name
}

// setReference makes an input refer to a resource by an id; with an empty one it refers to none.
func setReference(in resources.Input, a *resources.Attribute, id string) {
	if key, _ := named(in, a.String()); key != "" {
		delete(in, key)
	}
	key, value := named(in, a.Schema)
	object, ok := value.(map[string]any)
	if !ok {
		key, object = a.Schema, map[string]any{}
	}
	if old, _ := named(object, a.Name); old != "" {
		delete(object, old)
	}
	if id != "" {
		object[a.Name] = map[string]any{"value": id}
	}
	in[key] = object
}

// idLength is that of a UUID.
const idLength = 36

// find looks up what names stand for: ids of Users and Groups, externalIds of the connection, userNames.
func (l *Loader) find(ctx context.Context, names []string) (map[string]resources.Member, error) {
	found := map[string]resources.Member{}
	var ids, rest []string
	for _, name := range names {
		if len(name) == idLength {
			ids = append(ids, name)
		}
	}
	if len(ids) > 0 {
		types, err := l.Directory.Store.Types(ctx, l.Caller, ids)
		if err != nil {
			return nil, err
		}
		for id, typ := range types {
			found[id] = resources.Member{ID: id, Type: typ}
		}
	}
	left := func() []string {
		rest = rest[:0]
		for _, name := range names {
			if found[name].ID == "" {
				rest = append(rest, name)
			}
		}
		return rest
	}
	if l.Caller.Connection != "" && len(left()) > 0 {
		known, err := l.Directory.Store.ByExternalID(ctx, l.Caller, rest)
		if err != nil {
			return nil, err
		}
		for name, member := range known {
			found[name] = member
		}
	}
	if len(left()) == 0 {
		return found, nil
	}
	folded := make([]string, len(rest))
	for i, name := range rest {
		folded[i] = resources.FoldUserName(name)
	}
	users, err := l.Directory.Store.ByName(ctx, l.Caller, resources.TypeUser, folded)
	for i, name := range rest {
		if id := users[folded[i]]; id != "" {
			found[name] = resources.Member{ID: id, Type: resources.TypeUser}
		}
	}
	return found, err
}
