package events

import (
	"context"
	"slices"
)

// includes says whether a feed has a resource of a type with a standing.
func (s Stream) includes(typ string, st Standing) bool {
	if len(s.Feed.Types) > 0 && !slices.Contains(s.Feed.Types, typ) {
		return false
	}
	switch st {
	case Removed:
		return false
	case Member, Added:
		return true
	}
	return len(s.Feed.Groups) == 0
}

// compare makes the next step from the feed as it is to the Groups' members as they are (RFC 9967 §2.3). It goes by what
// is, not by what happened: who came and left between two looks was never in the feed.
func (p *Publisher) compare(ctx context.Context, s Stream, step *Step) error {
	joined, left, err := p.Store.FeedDifference(ctx, s, pageSize)
	if err != nil {
		return err
	}
	if len(joined)+len(left) == 0 {
		step.Stale, step.Stage = false, Begun
		return nil
	}
	step.Joined, step.Left = idsOf(joined), idsOf(left)
	if s.Stage == Silent {
		return nil
	}
	if step.SETs, err = p.feedSETs(ctx, s, FeedAdd, joined); err != nil {
		return err
	}
	out, err := p.feedSETs(ctx, s, FeedRemove, left)
	step.SETs = append(step.SETs, out...)
	return err
}

// walk tells of resources that are there when a stream begins.
func (p *Publisher) walk(ctx context.Context, s Stream, step *Step) error {
	refs, err := p.Store.FeedPage(ctx, s, s.Walked, pageSize)
	if err != nil {
		return err
	}
	if len(refs) == 0 {
		step.Stage, step.Walked = Begun, ""
		return nil
	}
	step.Walked = refs[len(refs)-1].ID
	step.SETs, err = p.feedSETs(ctx, s, FeedAdd, refs)
	return err
}

// feedSETs makes SETs that say who came into the feed or went out of it. What is told together has one transaction.
func (p *Publisher) feedSETs(ctx context.Context, s Stream, event string, refs []Ref) ([]SET, error) {
	if !s.wants(event) || len(refs) == 0 {
		return nil, nil
	}
	known, err := p.page(ctx, s, idsOf(refs))
	if err != nil {
		return nil, err
	}
	txn, sets := p.NewID(), []SET{}
	for _, r := range refs {
		rt := known.registry.Type(r.Type)
		if rt == nil {
			continue
		}
		sets = append(sets, SET{
			JTI: p.NewID(), At: p.Now(), Txn: txn, Subject: resourceSubject(rt, r.ID, known.external[r.ID]), Event: event,
			Payload: []byte("{}"),
		})
	}
	return sets, nil
}

func idsOf(refs []Ref) []string {
	ids := make([]string, len(refs))
	for i, r := range refs {
		ids[i] = r.ID
	}
	return ids
}
