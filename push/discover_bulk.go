package push

import (
	"context"
	"slices"

	"proprio/audit"
)

// Preview is what linking all matched accounts would do, and what it would leave for a decision of its own.
type Preview struct {
	Links []Found `json:"links"`
	Held  []Held  `json:"held,omitempty"`
}

// Held is a matched account that is not linked together with others, and why.
type Held struct {
	Found
	Because string `json:"because"`
}

// Preview says which accounts LinkMatched links. Ambiguous ones are never among them, nor those that it would close or of
// which it would change the address: each of these is worth a decision of its own.
func (d Discovery) Preview() Preview {
	var p Preview
	for _, f := range d.Accounts {
		if f.Relation != Fitting || f.Decision != nil && f.Decision.SetAside() {
			continue
		}
		switch person := f.People[0]; {
		case f.Decision != nil && f.Decision.HandsOff():
			p.Held = append(p.Held, Held{f, "it was unlinked: link it by itself, or leave it"})
		case f.Outside():
			p.Held = append(p.Held, Held{f, "it opens by an address that is none of the company's: adopt it, or leave it"})
		case person.Unclear != "":
			p.Held = append(p.Held, Held{f, "nobody knows whether it would stay: " + person.Unclear})
		case person.Closes != "":
			p.Held = append(p.Held, Held{f, "it would be deactivated, because " + person.Closes + ": link it by itself"})
		default:
			p.Links = append(p.Links, f)
		}
	}
	return p
}

// LinkMatched links what Preview says, and returns how many there were. Those linked before an error stay linked.
func (e *Engine) LinkMatched(ctx context.Context, by audit.Actor, app App, d Discovery, reason string) (int, error) {
	check, err := e.checker(app)
	if err != nil {
		return 0, err
	}
	done := 0
	for part := range slices.Chunk(d.Preview().Links, planBatch) {
		links := make([]Decision, len(part))
		for i, f := range part {
			err := check.confirm(ctx, f)
			if err == nil {
				links[i], err = check.link(ctx, e.decision(by, app, f, VerbLink, reason), f, f.People[0])
			}
			if err != nil {
				return done, err
			}
		}
		if err := e.record(ctx, by, app, links); err != nil {
			return done, err
		}
		done += len(links)
	}
	return done, nil
}
