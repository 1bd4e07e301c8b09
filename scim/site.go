package scim

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/mux"

	"proprio/resources"
)

// site is the service as a company's connections see it: the routes over the resource types that the company has. It is
// compiled once per registry and mode, discovery documents included.
type site struct {
	*Server
	mode
	registry  *resources.Registry
	views     []*resources.ResourceType // of what the types of the registry hold already; not part of queries at the root
	endpoints map[string]*endpoint      // by resource type endpoint, such as "/Users"
	names     map[string]string         // of endpoints, by lower case
	hidden    []string                  // attributes that are never returned
	routers   map[string]*mux.Router    // by the first segment below the base path
	unknown   http.Handler              // of what no router has
}

// mode is what is served differently to some connections.
type mode struct {
	profile  bool // held to the interoperability profile
	plain    bool // ServiceProviderConfig holds what RFC 7643 and RFC 9865 name and nothing else
	features resources.Features
	members  int // of a Group that is shown with them unasked
}

func modeOf(c resources.Caller) mode {
	return mode{c.Switches.Profile(), c.Switches.PlainConfig, c.Features, c.Switches.MembersShown()}
}

// edition is what a site is compiled for.
type edition struct {
	registry *resources.Registry
	mode     mode
}

// maxSites bounds how many compiled sites are kept. Companies without resource types of their own share one.
const maxSites = 1000

// sites keeps what was compiled. A registry never changes, so neither does its site.
type sites struct {
	server *Server
	mu     sync.Mutex
	byType map[edition]*site
}

// of returns the site of an edition.
func (s *sites) of(of edition) *site {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.byType[of]
	if found == nil {
		if len(s.byType) >= maxSites {
			clear(s.byType) // registries that were replaced are not told from those in use; compiling again takes a moment
		}
		found = newSite(s.server, of)
		s.byType[of] = found
	}
	return found
}

// find returns the site of a caller.
func (s *sites) find(ctx context.Context, caller resources.Caller) (*site, error) {
	registry, err := s.server.Registry.Registry(ctx, caller.Company)
	if err != nil {
		return nil, err
	}
	return s.of(edition{registry, modeOf(caller)}), nil
}

// newSites makes the sites of a server that is [Server.ready].
func (s *Server) newSites() *sites {
	return &sites{server: s, byType: map[edition]*site{}}
}

// serve hands a request to the site of the caller's company.
func (s *Server) serve() http.Handler {
	sites := s.newSites()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site, err := sites.find(r.Context(), callerFrom(r.Context()))
		if err != nil {
			s.writeError(w, r, err)
			return
		}
		site.ServeHTTP(w, r)
	})
}

// newSite compiles the whole service.
func newSite(server *Server, of edition) *site {
	registry := of.registry
	s := &site{
		Server: server, mode: of.mode, registry: registry, endpoints: map[string]*endpoint{},
		routers: map[string]*mux.Router{},
	}
	if s.features.Memberships {
		s.views = append(s.views, resources.NewMembershipType())
	}
	s.names = pathNames(s.types())
	s.hidden = hiddenNames(registry)
	all := &collection{site: s, path: root}
	for _, rt := range s.stored() {
		all.endpoints = append(all.endpoints, s.serveType(rt))
	}
	for _, rt := range s.views {
		s.serveType(rt)
	}
	s.serveDelta(all)

	d := newDiscovery(s)
	s.handle("/ServiceProviderConfig", methods{"GET": d.providerConfig})
	s.handle("/ResourceTypes", methods{"GET": d.resourceTypes})
	s.handle("/ResourceTypes/{id}", methods{"GET": d.resourceType})
	s.handle("/Schemas", methods{"GET": d.schemas})
	s.handle("/Schemas/{id}", methods{"GET": d.schema})

	s.handle("/Bulk", methods{"POST": s.deferrable((&bulk{s}).serve)})
	s.handle(asyncPath+"{id}", methods{"GET": s.outcome})

	s.handle(root, methods{"GET": all.list})
	s.handle("/.search", methods{"POST": all.search})

	users := s.endpoints[registry.Type(resources.TypeUser).Endpoint]
	s.handle("/Me", methods{
		"GET": s.me(users.get), "POST": noMe, "PUT": s.me(users.replace), "PATCH": s.me(users.modify), "DELETE": s.me(users.remove),
	})
	s.unknown = s.route("", methods{"*": noSuchPath})
	return s
}

// serveType adds the routes of one resource type.
func (s *site) serveType(rt *resources.ResourceType) *endpoint {
	e := newEndpoint(s, rt)
	s.endpoints[rt.Endpoint] = e
	one := &collection{site: s, path: rt.Endpoint, endpoints: []*endpoint{e}}
	s.handle(rt.Endpoint+"/.search", methods{"POST": one.search})
	if rt.Name == resources.TypeMembership { // of which everything is immutable
		s.handle(rt.Endpoint, methods{"GET": one.list, "POST": e.create})
		s.handle(rt.Endpoint+"/{id}", methods{"GET": e.get, "DELETE": e.remove})
		return e
	}
	s.serveDelta(one)
	if rt.ReadOnly {
		s.handle(rt.Endpoint, methods{"GET": one.list})
		s.handle(rt.Endpoint+"/{id}", methods{"GET": e.get})
		return e
	}
	s.handle(rt.Endpoint, methods{"GET": one.list, "POST": s.deferrable(e.create)})
	s.handle(rt.Endpoint+"/{id}", methods{
		"GET": e.get, "PUT": s.deferrable(e.replace), "PATCH": s.deferrable(e.modify), "DELETE": s.deferrable(e.remove),
	})
	return e
}

// handle adds a route. Routes are told apart by their first segment before their patterns are tried.
func (s *site) handle(path string, m methods) {
	first, _, _ := strings.Cut(path[1:], "/")
	router := s.routers[first]
	if router == nil {
		router = mux.NewRouter().SkipClean(true).UseEncodedPath()
		s.routers[first] = router
	}
	router.Handle(BasePath+path, s.route(path, m))
}

// ServeHTTP makes a path what the routers know: endpoint names in any letter case, doubled and trailing slashes
// (protocol.md 2.1, 11). Ids and schema URNs are left as they are.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := eventFrom(r.Context())
	e.hidden = s.hidden
	router, known := s.routerOf(r.URL.EscapedPath())
	if !known {
		r = s.canonical(r)
		router, _ = s.routerOf(r.URL.RawPath)
	}
	var match mux.RouteMatch
	if router == nil || !router.Match(r, &match) {
		s.unknown.ServeHTTP(w, r)
		return
	}
	e.pathID = unescape(match.Vars["id"])
	match.Handler.ServeHTTP(w, r)
}

// routerOf finds the router of a path that is spelled as the routes are, as nearly all are; known says that it is.
func (s *site) routerOf(escaped string) (router *mux.Router, known bool) {
	below, ok := strings.CutPrefix(escaped, BasePath+"/")
	first, rest, deeper := strings.Cut(below, "/")
	router = s.routers[first]
	if !ok || router == nil || deeper && (first == "" || rest == "" || rest[0] == '.' || strings.Contains(rest, "/")) {
		return router, false
	}
	return router, true
}

// canonical is a copy of a request whose path is spelled as the routes are.
func (s *site) canonical(r *http.Request) *http.Request {
	escaped := canonicalPath(r.URL.EscapedPath(), s.names)
	u := *r.URL
	u.Path, u.RawPath = unescape(escaped), escaped
	r = r.WithContext(r.Context()) // a copy, so that the caller's request keeps its URL
	r.URL = &u
	return r
}

// serveDelta adds the routes of delta queries on a collection, where the company has them.
func (s *site) serveDelta(c *collection) {
	if !s.hasDelta() {
		return
	}
	d, path := newDelta(c), strings.TrimSuffix(c.path, root)
	s.handle(path+"/.deltaToken", methods{"GET": d.token})
	s.handle(path+"/.delta", methods{"POST": d.changes})
}

// hasDelta says whether there are delta queries.
func (s *site) hasDelta() bool { return s.features.Delta && s.Record != nil }

// stored are the types whose resources the site serves.
func (s *site) stored() []*resources.ResourceType {
	return slices.DeleteFunc(slices.Clone(s.registry.Types()), func(rt *resources.ResourceType) bool { return !rt.Served(s.features) })
}

// types are all that the site serves.
func (s *site) types() []*resources.ResourceType { return append(s.stored(), s.views...) }

// pathNames are the names of the endpoints by lower case.
func pathNames(types []*resources.ResourceType) map[string]string {
	names := map[string]string{}
	for _, name := range []string{"ServiceProviderConfig", "ResourceTypes", "Schemas", "Bulk", "Me", ".search", ".delta", ".deltaToken", strings.Trim(asyncPath, "/")} {
		names[strings.ToLower(name)] = name
	}
	for _, rt := range types {
		name := strings.TrimPrefix(rt.Endpoint, "/")
		names[strings.ToLower(name)] = name
	}
	return names
}
