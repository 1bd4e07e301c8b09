package conformance

// draftChecks are about draft-ietf-scim-roles-entitlements, where the server claims it.
func draftChecks() checks { return checks{"D01": d01, "D02": d02, "D03": d03} }

// needsRoles skips where the server does not claim the draft; it returns the endpoints that it does claim.
func (p *probe) needsRoles() (endpoints []string) {
	claim := at(p.server.config, "RolesAndEntitlements")
	if claim == nil {
		p.skip("ServiceProviderConfig has no RolesAndEntitlements: the server does not claim the draft")
	}
	for _, kind := range []struct{ name, endpoint string }{{"roles", "/Roles"}, {"entitlements", "/Entitlements"}} {
		if at(claim, kind.name, "supported") == true {
			endpoints = append(endpoints, kind.endpoint)
		}
	}
	return endpoints
}

func d01(p *probe) {
	p.needsRoles()
	a := p.get("/ServiceProviderConfig").need(200)
	for name, flags := range map[string][]string{
		"roles":        {"supported", "multipleRolesSupported", "primarySupported", "typeSupported"},
		"entitlements": {"supported", "multipleEntitlementsSupported", "primarySupported", "typeSupported"},
	} {
		if a.at("RolesAndEntitlements", name) == nil {
			continue
		}
		for _, flag := range flags {
			if v := a.at("RolesAndEntitlements", name, flag); v != nil || flag == "supported" {
				_, ok := v.(bool)
				a.that(ok, "RolesAndEntitlements.%s.%s is a boolean, not %s", name, flag, literal(v))
			}
		}
	}
}

func d02(p *probe) {
	for _, endpoint := range p.needsRoles() {
		a := p.list(endpoint, "startIndex", "1", "count", "1").is(200).listOf(0)
		for _, r := range a.resources() {
			value, _ := r["value"].(string)
			a.that(value != "", "each resource of %s has a value", endpoint)
		}
	}
}

func d03(p *probe) {
	for _, endpoint := range p.needsRoles() {
		p.send("POST", endpoint, object{"value": "scimcheck"}).is(403, 405, 501)
		p.send("DELETE", endpoint+"/no-such-id", nil).is(403, 404, 405, 501)
	}
}
