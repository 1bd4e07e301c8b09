package demo

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"sync"

	"github.com/elimity-com/scim"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// App is a downstream SaaS tool that speaks SCIM: elimity-com/scim's own server, with its data in memory.
type App struct {
	// Fault is asked before each request is served; a status other than 0 is answered instead. Nil: never.
	Fault func(*http.Request) (status int)

	token string
	scim  http.Handler
	mu    sync.Mutex
	users *handler
	group *handler
}

// NewApp makes an empty app that answers to one bearer token.
func NewApp(token string) (*App, error) {
	a := &App{token: token}
	userSchema := schema.CoreUserSchema()
	extensions := []scim.SchemaExtension{{Schema: schema.ExtensionEnterpriseUser()}}
	a.users = newHandler(&a.mu, "userName", userSchema, extensions)
	a.group = newHandler(&a.mu, "displayName", schema.CoreGroupSchema(), nil)
	server, err := scim.NewServer(&scim.ServerArgs{
		ServiceProviderConfig: &scim.ServiceProviderConfig{
			MaxResults: 100, SupportFiltering: true, SupportPatch: true,
			AuthenticationSchemes: []scim.AuthenticationScheme{{
				Type: scim.AuthenticationTypeOauthBearerToken, Name: "Bearer token", Primary: true,
				Description: "A token that the app's settings page shows once",
			}},
		},
		ResourceTypes: []scim.ResourceType{
			{
				ID: optional.NewString("User"), Name: "User", Endpoint: "/Users",
				Schema: userSchema, SchemaExtensions: extensions, Handler: a.users,
			},
			{
				ID: optional.NewString("Group"), Name: "Group", Endpoint: "/Groups",
				Schema: schema.CoreGroupSchema(), Handler: a.group,
			},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("downstream app: %w", err)
	}
	a.scim = server
	return a, nil
}

// ServeHTTP serves /scim/v2.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	given := r.Header.Get("Authorization")
	if subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+a.token)) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if a.Fault != nil {
		if status := a.Fault(r); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	http.StripPrefix("/scim", a.scim).ServeHTTP(w, r)
}

// SeedLostAccount puts in the account that nobody provisioned: somebody signed up by hand, long ago.
func (a *App) SeedLostAccount() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.users.insert(lostAccount)
}
