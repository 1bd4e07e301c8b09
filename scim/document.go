package scim

import (
	"context"
	"encoding/json"

	"proprio/resources"
)

// Documents renders resources as responses show them, for who needs them outside of a request: event streams.
type Documents struct{ sites *sites }

// Documents makes a renderer of the server's resources.
func (s *Server) Documents() *Documents { return &Documents{s.ready().newSites()} }

// documentMembers is how many members a Group may have and still be sent around as a whole (RFC 9967 §5).
const documentMembers = 1000

// Document returns a resource as the caller would get it, and its version. ErrTooLarge when it is a Group of very many
// members.
func (d *Documents) Document(ctx context.Context, c resources.Caller, typ, id string) (json.RawMessage, int64, error) {
	site, err := d.sites.find(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	rt := site.registry.Type(typ)
	if rt == nil {
		return nil, 0, resources.Errorf(resources.ErrNotFound, "", "There is no resource type %q.", clip(typ))
	}
	with := resources.With{
		Groups: typ == resources.TypeUser, Members: typ == resources.TypeGroup, MemberLimit: documentMembers, WithoutIndex: true,
	}
	res, err := site.Store.Get(ctx, c, typ, id, with)
	if err != nil {
		return nil, 0, err
	}
	if res.MemberCount > documentMembers {
		return nil, 0, resources.Errorf(resources.ErrTooLarge, "members", "The Group has %d members.", res.MemberCount)
	}
	body, err := site.endpoints[rt.Endpoint].renderer.resource(res, projection{})
	return body, res.Version, err
}
