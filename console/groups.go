package console

import (
	"net/http"
	"net/url"
	"strings"

	"proprio/audit"
	"proprio/resources"
)

type groupsPage struct {
	Search string
	Rows   []groupRow
	Pager  pager
}

type groupRow struct {
	ID, Name string
	Members  int // -1: not counted
}

// groups lists the company's Groups.
func (c *Console) groups(v *visit) error {
	q := v.r.URL.Query()
	p := groupsPage{Search: strings.TrimSpace(q.Get("q"))}
	number := pageNumber(q, "page")
	query := resources.Query{Type: resources.TypeGroup, StartIndex: (number-1)*pageSize + 1, Count: pageSize,
		With: countMembers()}
	if p.Search != "" {
		name := c.Registry.Type(resources.TypeGroup).Attribute("displayName")
		query.Where = resources.Compare{Attribute: name, Op: "co", Value: resources.Fold(p.Search)}
	}
	found, err := c.Store.Find(v.r.Context(), v.caller(), query)
	if err != nil {
		return err
	}
	for _, r := range found.Resources {
		p.Rows = append(p.Rows, groupRow{ID: r.ID, Name: r.Index.DisplayName, Members: r.MemberCount})
	}
	p.Pager = newPager(v.r, "page", number, len(p.Rows), found.Total)
	return c.render(v, http.StatusOK, "groups", p)
}

// countMembers asks for the number of members without all of them: a Group with more than one comes with its count only.
func countMembers() resources.With { return resources.With{Members: true, MemberLimit: 1} }

type groupPage struct {
	groupRow
	List     []resources.Member
	Resumed  bool   // not the first page
	After    string // address of the next page; empty at the end
	Apps     []App  // whose scope is limited to this group among others
	Timeline []audit.Entry
}

// group shows one Group. Members are read by key, so that a group of a million costs what a page costs.
func (c *Console) group(v *visit) error {
	ctx, id, after := v.r.Context(), v.r.PathValue("id"), v.r.URL.Query().Get("after")
	r, err := c.Store.Get(ctx, v.caller(), resources.TypeGroup, id, countMembers())
	if err != nil {
		return err
	}
	p := groupPage{groupRow: groupRow{ID: r.ID, Name: r.Index.DisplayName, Members: r.MemberCount}, Resumed: after != ""}
	if p.List, err = c.Store.Members(ctx, v.caller(), r.ID, after, pageSize+1); err != nil {
		return err
	}
	if len(p.List) > pageSize {
		p.List = p.List[:pageSize]
		p.After = v.r.URL.Path + "?after=" + url.QueryEscape(p.List[pageSize-1].ID)
	}
	apps, err := c.Apps.Apps(ctx, v.session.Company)
	if err != nil {
		return err
	}
	for _, app := range apps {
		for _, scope := range app.ScopeGroups {
			if scope == r.ID {
				p.Apps = append(p.Apps, app)
			}
		}
	}
	p.Timeline, err = c.Log.Entries(ctx, v.session.Company, audit.Query{
		ObjectType: resources.TypeGroup, ObjectID: r.ID, Limit: timelineLength,
	})
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "group", p)
}
