package events

import (
	"slices"

	"proprio/audit"
	"proprio/resources"
)

// kind is a provisioning event in its two forms.
type kind struct{ notice, full string }

var (
	created  = kind{CreateNotice, CreateFull}
	patched  = kind{PatchNotice, PatchFull}
	replaced = kind{PutNotice, PutFull}
)

// telling is one event that a change is. The kind has forms; an event without forms has none.
type telling struct {
	event string // without forms
	kind  kind
	paths []string // attributes that changed, for the kind
}

// tellings says which events a change is for a stream. A change of a User's being in force is told as such, and what it
// changed besides as a patch; to who does not ask for the one, all of it is a patch.
func (s Stream) tellings(e audit.Entry) []telling {
	paths := s.paths(e)
	switch e.Action {
	case audit.ActionRemove:
		return []telling{{event: Delete}}
	case audit.ActionCreate:
		if e.Reason != "" && s.wants(Deactivate) { // it came in on hold
			return []telling{{kind: created, paths: paths}, {event: Deactivate}}
		}
		return []telling{{kind: created, paths: paths}}
	case audit.ActionReplace:
		return changed(replaced, paths)
	case audit.ActionDeactivate, audit.ActionHold:
		return s.turned(Deactivate, paths)
	case audit.ActionActivate, audit.ActionRelease:
		if e.InForce {
			return s.turned(Activate, paths)
		}
	}
	return changed(patched, paths)
}

func changed(k kind, paths []string) []telling {
	if len(paths) == 0 {
		return nil
	}
	return []telling{{kind: k, paths: paths}}
}

// turned tells that a User is in force, or is not any more.
func (s Stream) turned(event string, paths []string) []telling {
	if !s.wants(event) {
		return changed(patched, paths)
	}
	rest := slices.DeleteFunc(paths, func(path string) bool { return path == "active" || path == resources.SchemaOwnership+":hold" })
	return append([]telling{{event: event}}, changed(patched, rest)...)
}

// paths are the attributes that a change touched, as far as they are this receiver's business: what another connection
// calls a resource is not.
func (s Stream) paths(e audit.Entry) []string {
	paths := slices.Clone(e.Changed)
	if e.Actor.ID != s.Connection {
		paths = slices.DeleteFunc(paths, func(path string) bool { return path == "externalId" })
	}
	if e.Action == audit.ActionCreate {
		paths = append([]string{"id"}, paths...)
	}
	return paths
}

// endsSessions says whether who is changed so is to be signed out everywhere.
func endsSessions(e audit.Entry) (reason string, ends bool) {
	if e.ObjectType != resources.TypeUser {
		return "", false
	}
	switch {
	case e.Action == audit.ActionRemove:
		return "The account was deleted.", true
	case e.Action == audit.ActionDeactivate:
		return "The account was deactivated.", true
	case e.Action == audit.ActionHold, e.Action == audit.ActionCreate && e.Reason != "":
		return "The account was put on hold by the company's rules.", true
	}
	return "", false
}
