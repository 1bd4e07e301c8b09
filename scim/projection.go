package scim

import (
	"net/http"
	"slices"
	"strings"

	"proprio/resources"
	"proprio/resources/filter"
)

// projection is which attributes a response shows (RFC 7644 §3.9). The zero value is the default set of the schemas.
type projection struct {
	only    map[*resources.Attribute]bool // of the attributes parameter; nil: the default set
	without map[*resources.Attribute]bool // of excludedAttributes
	mask    mask                          // of a resource; nil where this is the default set
}

// everything says whether the projection leaves the default set as it is.
func (p projection) everything() bool { return p.only == nil && p.without == nil }

// names says whether the attribute, or a part of it, was asked for by name.
func (p projection) names(a *resources.Attribute) bool {
	return p.only[a] || slices.ContainsFunc(a.Sub, func(sub *resources.Attribute) bool { return p.only[sub] })
}

// shows says whether an attribute, or a part of it, is in the response.
func (p projection) shows(a *resources.Attribute) bool {
	switch {
	case a.Hidden:
		return false
	case a.Returned == "always", a.Name == "schemas" && a.Parent == nil:
		return true
	case a.Parent != nil && p.only[a.Parent]:
		return a.Returned != "request" || p.only[a]
	case p.only != nil:
		return p.names(a)
	}
	return a.Returned != "request" && !p.without[a]
}

// projection reads the parameters attributes and excludedAttributes; asked says whether either was given.
func (e *endpoint) projection(r *http.Request) (p projection, asked bool, err error) {
	if r.URL.RawQuery == "" {
		return projection{}, false, nil
	}
	query, err := parseParameters(r)
	if err != nil {
		return projection{}, false, err
	}
	return e.projectionOf(query)
}

func (e *endpoint) projectionOf(query parameters) (p projection, asked bool, err error) {
	if p.only, err = e.attributeSet(query, "attributes"); err != nil {
		return p, false, err
	}
	if p.without, err = e.attributeSet(query, "excludedAttributes"); err != nil {
		return p, false, err
	}
	if p.only != nil && p.without != nil {
		return p, false, resources.Errorf(resources.ErrInvalidValue, "excludedAttributes",
			"attributes and excludedAttributes exclude each other (RFC 7644 §3.9). Send one of them.")
	}
	if p.everything() {
		return p, false, nil
	}
	p.mask = newMask(e.rt, p)
	return p, true, nil
}

// maxNames is how many attributes a request may choose: more than any resource type has.
const maxNames = 1000

// attributeSet resolves a comma-separated list of attributes, sub-attributes and schema URNs. A name that the schemas do
// not know selects nothing; nil means that the parameter is absent or empty.
func (e *endpoint) attributeSet(query parameters, name string) (map[*resources.Attribute]bool, error) {
	var set map[*resources.Attribute]bool
	list := strings.Join(query[strings.ToLower(name)], ",")
	if n := strings.Count(list, ",") + 1; n > maxNames {
		return nil, resources.Errorf(resources.ErrInvalidValue, name, "There are %d names; %d are the limit.", n, maxNames)
	}
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		if set == nil {
			set = map[*resources.Attribute]bool{}
		}
		path, err := filter.ParsePath(item)
		if err != nil {
			return nil, resources.Errorf(resources.ErrInvalidValue, name, "%q is not the name of an attribute: %v.", clip(item), err)
		}
		if urn := e.rt.URN(filter.URN(path)); urn != "" {
			for _, a := range e.schemaAttributes(urn) {
				set[a] = true
			}
			continue
		}
		if a, err := e.rt.Resolve(path.AttributePath); err == nil {
			set[a] = true
		}
	}
	return set, nil
}

func (e *endpoint) schemaAttributes(urn string) []*resources.Attribute {
	if urn == e.rt.Schema.ID {
		return e.rt.Attributes()
	}
	return e.rt.Extension(urn)
}

// hasHidden says whether a type has attributes that the default set leaves out.
func hasHidden(rt *resources.ResourceType) bool {
	leavesOut := func(a *resources.Attribute) bool {
		hides := func(a *resources.Attribute) bool { return a.Returned == "request" || a.Hidden }
		return hides(a) || slices.ContainsFunc(a.Sub, hides)
	}
	all := slices.Clone(rt.Attributes())
	for _, extension := range rt.Extensions {
		all = append(all, rt.Extension(extension.ID)...)
	}
	return slices.ContainsFunc(all, leavesOut)
}
