package rest

import (
	"proprio/push"
	"proprio/push/profiles"
	"proprio/scim/client"
)

// Connectors opens the products that this package speaks to, by profiles.Profile.Protocol. What is opened with one table
// shares access tokens, so that not every push asks for a new one.
func Connectors() map[string]push.Connect {
	shared := newTokens()
	table := map[string]push.Connect{}
	for protocol, open := range map[string]opener{
		"pipedrive": openPipedrive,
		"lastpass":  openLastPass,
		"hubstaff":  openHubstaff,
		"zendesk":   openZendesk,
		"hubspot":   openHubSpot,
		"google":    openGoogle,
		"graph":     openGraph,
		"dropbox":   openDropbox,
	} {
		table[protocol] = func(_ profiles.Profile, c client.Config) (push.Remote, error) {
			opened, err := open(connection{config: c, tokens: shared, protocol: protocol})
			if err != nil {
				return nil, err
			}
			return opened, nil
		}
	}
	return table
}

// opener opens one product.
type opener func(c connection) (*remote, error)

// connection is what a product is opened with.
type connection struct {
	config   client.Config // Token is the whole credential, and is sent nowhere as it is
	tokens   *tokens
	protocol string
}

// open makes the product's interface. secrets are the parts of the credential that no record may show.
func (c connection) open(sign signer, mend mender, build func(*api) product, secrets ...string) (*remote, error) {
	config := c.config
	config.Token = ""
	config.Secrets = append(append([]string{c.config.Token}, c.config.Secrets...), secrets...)
	made, err := client.New(config)
	if err != nil {
		return nil, err
	}
	a := &api{client: made, base: config.BaseURL, sign: sign, mend: mend}
	return &remote{api: a, build: build, product: build(a)}, nil
}
