package oauth

import (
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// EntraAuthority is where Microsoft's public cloud issues tokens. National clouds have addresses of their own.
const EntraAuthority = "https://login.microsoftonline.com"

// entraSharedAudience is the audience of the tokens that Entra signs for every tenant and every app whose secret token
// was left blank. It names nobody, so it proves nothing.
const entraSharedAudience = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"

// Entra is the preset of a federated client for the workload identity federation of Entra's provisioning service: the
// issuer and the keys of one tenant (clients.md 2.8, 4). Audience and subject are what Entra's connectivity page shows.
func Entra(authority, tenant, audience, subject string) Client {
	authority, tenant = strings.TrimRight(authority, "/"), strings.ToLower(strings.TrimSpace(tenant))
	return Client{
		Method: MethodFederated, Tenant: tenant, Audience: audience, Subject: subject,
		Issuer: authority + "/" + tenant + "/v2.0", KeysURL: authority + "/" + tenant + "/discovery/v2.0/keys",
	}
}

// checkEntra refuses what would let other tenants of Entra in.
func (c Client) checkEntra() error {
	if strings.TrimPrefix(strings.ToLower(c.Audience), "api://") == entraSharedAudience {
		return invalid("audience", "%s is the audience of every tenant of Entra whose token field was left blank; "+
			"choose workload identity federation in Entra and take the audience that it shows", c.Audience)
	}
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return invalid("issuer", "%q is not an address", c.Issuer)
	}
	if strings.EqualFold(u.Hostname(), "sts.windows.net") {
		return invalid("issuer", "%s signs the tokens that Entra sends when its token field is left blank; "+
			"use %s/TENANT/v2.0, which workload identity federation has", c.Issuer, EntraAuthority)
	}
	if c.Tenant == "" {
		if strings.EqualFold(u.Scheme+"://"+u.Host, EntraAuthority) {
			return invalid("tenant", "an issuer of Entra needs the tenant's id")
		}
		return nil
	}
	if _, err := uuid.Parse(c.Tenant); err != nil {
		return invalid("tenant", "%q is not a tenant's id, such as 3e1f5b1c-4b8e-4a0e-9d55-6a1f7f0a2b11", c.Tenant)
	}
	return nil
}
