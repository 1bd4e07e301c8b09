package db_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/oidc"
	"proprio/resources"
)

var at = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// race runs f n times at once and returns how many calls gave each error.
func race(n int, f func(i int) error) map[error]int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[error]int{}
	for i := range n {
		wg.Go(func() {
			err := f(i)
			for _, kind := range []error{oidc.ErrNotFound, oidc.ErrTaken} {
				if errors.Is(err, kind) {
					err = kind
				}
			}
			mu.Lock()
			defer mu.Unlock()
			got[err]++
		})
	}
	wg.Wait()
	return got
}

func TestSignIn_attemptIsTakenOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		a := oidc.Attempt{Company: "c1", Issuer: "i1", State: [32]byte{1}, Browser: [32]byte{2}, Nonce: "n", Verifier: "v", ReturnTo: "/x", Expires: at.Add(time.Minute)}
		if err := d.SaveAttempt(ctx, a, at); err != nil {
			t.Fatal(err)
		}
		if _, err := d.TakeAttempt(ctx, "c2", a.State); !errors.Is(err, oidc.ErrNotFound) {
			t.Errorf("another company took it: %v", err)
		}
		got := race(8, func(int) error {
			taken, err := d.TakeAttempt(ctx, "c1", a.State)
			if err == nil && taken != a {
				t.Errorf("got %+v, want %+v", taken, a)
			}
			return err
		})
		if got[nil] != 1 || got[oidc.ErrNotFound] != 7 {
			t.Errorf("%v", got)
		}
		// What expired is dropped by the next one, in its company only.
		for _, company := range []string{"c1", "c2"} {
			a.Company = company
			if err := d.SaveAttempt(ctx, a, at); err != nil {
				t.Fatal(err)
			}
		}
		other := oidc.Attempt{Company: "c1", State: [32]byte{9}, Expires: at.Add(time.Hour)}
		if err := d.SaveAttempt(ctx, other, at.Add(2*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.TakeAttempt(ctx, "c1", a.State); !errors.Is(err, oidc.ErrNotFound) {
			t.Errorf("an expired attempt stayed: %v", err)
		}
		if _, err := d.TakeAttempt(ctx, "c2", a.State); err != nil {
			t.Errorf("another company's attempt went: %v", err)
		}
	})
}

func TestSignIn_oneIdentityOneAdmin(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var admins []oidc.Admin
		for _, address := range []string{"a@company.fr", "b@company.fr"} {
			a, err := d.CreateAdmin(ctx, oidc.Actor{}, oidc.Admin{ID: uuid.NewString(), Company: "c1", Address: address, Created: at})
			if err != nil {
				t.Fatal(err)
			}
			admins = append(admins, a)
		}
		// Rivals for one admin, then one identity for two admins.
		got := race(8, func(i int) error {
			return d.BindAdmin(ctx, "c1", admins[0].ID, "https://i", "sub-"+string(rune('a'+i)), at)
		})
		if got[nil] != 1 || got[oidc.ErrTaken] != 7 {
			t.Errorf("%v", got)
		}
		bound, err := d.AdminByAddress(ctx, "c1", "a@company.fr")
		if err != nil {
			t.Fatal(err)
		}
		if err := d.BindAdmin(ctx, "c1", admins[1].ID, "https://i", bound.Subject, at); !errors.Is(err, oidc.ErrTaken) {
			t.Errorf("one identity, two admins: %v", err)
		}
		if err := d.BindAdmin(ctx, "c1", admins[1].ID, "https://other", bound.Subject, at); err != nil {
			t.Errorf("the same subject at another issuer is another identity: %v", err)
		}
		if err := d.NoteAdmin(ctx, "c1", admins[1].ID, "A@company.fr", ""); !errors.Is(err, oidc.ErrTaken) {
			t.Errorf("took another admin's address: %v", err)
		}
		for name, err := range map[string]error{
			"identity": second(d.AdminByIdentity(ctx, "c2", "https://i", bound.Subject)),
			"address":  second(d.AdminByAddress(ctx, "c2", "a@company.fr")),
			"rebind":   second(d.Rebind(ctx, oidc.Actor{}, "c2", "a@company.fr")),
			"set":      d.SetAdmin(ctx, oidc.Actor{}, oidc.Admin{ID: bound.ID, Company: "c2", Address: "a@company.fr", Role: oidc.RoleAuditor}),
			"unbound":  second(d.AdminByIdentity(ctx, "c1", "", "")),
		} {
			if !errors.Is(err, oidc.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestSignIn_listingIsIdempotentAndSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		first, err := d.CreateAdmin(ctx, oidc.Actor{}, oidc.Admin{ID: uuid.NewString(), Company: "c1", Address: "Anne@Company.fr", Role: oidc.RoleAuditor, Created: at})
		if err != nil {
			t.Fatal(err)
		}
		again, err := d.CreateAdmin(ctx, oidc.Actor{}, oidc.Admin{ID: uuid.NewString(), Company: "c1", Address: "anne@company.FR", Role: oidc.RoleAdmin, Created: at})
		if err != nil || again != first {
			t.Errorf("got %+v %v, want %+v", again, err, first)
		}
		for _, bad := range []oidc.Admin{{Address: "anne"}, {Address: "a@company.fr", Role: "owner"}} {
			bad.Company = "c1"
			if _, err := d.CreateAdmin(ctx, oidc.Actor{}, bad); !errors.Is(err, oidc.ErrInvalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if all, err := d.Admins(ctx, "c1"); err != nil || len(all) != 1 {
			t.Errorf("%+v %v", all, err)
		}
	})
}

func TestSignIn_issuerSecretIsSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		want := oidc.Issuer{ID: uuid.NewString(), Company: "c1", Name: "Entra", URL: "https://login.example/t", ClientID: "id",
			Secret: "open sesame", Trust: oidc.TrustEntra, Tenant: "t", MaxAge: time.Hour, Methods: []string{"mfa"}, Created: at}
		if _, err := d.PutIssuer(ctx, oidc.Actor{}, want); err != nil {
			t.Fatal(err)
		}
		changed := want
		changed.ID, changed.Secret, changed.Created = uuid.NewString(), "open barley", at.Add(time.Hour)
		got, err := d.PutIssuer(ctx, oidc.Actor{}, changed)
		if err != nil || got.ID != want.ID || !got.Created.Equal(want.Created) || got.Secret != "open barley" || got.MaxAge != time.Hour || len(got.Methods) != 1 {
			t.Errorf("got %+v %v", got, err)
		}
		var stored []byte
		if err := db.Get(ctx, d, nil, &stored, `select secret from issuers where id = ?`, want.ID); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stored), "barley") {
			t.Error("the secret is stored in the clear")
		}
		if list, err := d.Issuers(ctx, "c2"); err != nil || len(list) != 0 {
			t.Errorf("another company sees it: %v %v", list, err)
		}
		if list, err := d.Issuers(ctx, ""); err != nil || len(list) != 0 {
			t.Errorf("no company sees it: %v %v", list, err)
		}
		if list, err := d.Issuers(ctx, "c1"); err != nil || len(list) != 1 || list[0].Name != "Entra" || list[0].Secret != "" {
			t.Errorf("its company's list, which holds no secret: %+v %v", list, err)
		}
		if got, err := d.Issuer(ctx, want.ID); err != nil || got.Secret != "open barley" {
			t.Errorf("the one that somebody signs in with: %+v %v", got, err)
		}
		if _, err := d.PutIssuer(ctx, oidc.Actor{}, oidc.Issuer{Company: "c1", URL: "http://x", ClientID: "c"}); !errors.Is(err, oidc.ErrInvalid) {
			t.Errorf("plain http: %v", err)
		}
	})
}

// PersonOf: the User known before decides, then userName, then e-mail with the doubtful one first.
func TestSignIn_personOf(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		add := func(userName, email string, active bool) string {
			r := &resources.Resource{Type: resources.TypeUser, ID: uuid.NewString(), Created: at, LastModified: at, Body: []byte(`{}`),
				Index: resources.Index{UserName: userName, UserNameFolded: resources.FoldUserName(userName), Active: active,
					Emails: []resources.Email{{Value: email, Folded: resources.FoldEmail(email), Type: "work"}}}}
			_, err := d.Apply(ctx, resources.Caller{Company: "c1"}, resources.Change{Action: "create", Resource: r, SetBody: true})
			if err != nil {
				t.Fatal(err)
			}
			return r.ID
		}
		byName := add("Anne@company.fr", "other@company.fr", true)
		inactive := add("bruno", "shared@company.fr", false)
		add("carla", "shared@company.fr", true)
		add("diane", "anne@company.fr", false) // has Anne's address as an e-mail: Anne's userName counts
		for _, c := range []struct{ user, address, want string }{
			{"", "anne@company.fr", byName},
			{"", "shared@company.fr", inactive},
			{inactive, "anne@company.fr", inactive},
			{uuid.NewString(), "anne@company.fr", byName},
			{"", "nobody@company.fr", ""},
		} {
			got, err := d.PersonOf(ctx, "c1", c.user, c.address)
			if got.ID != c.want || (c.want == "") != errors.Is(err, oidc.ErrNotFound) {
				t.Errorf("%+v: got %+v %v", c, got, err)
			}
		}
		if _, err := d.PersonOf(ctx, "c2", byName, "anne@company.fr"); !errors.Is(err, oidc.ErrNotFound) {
			t.Errorf("another company: %v", err)
		}
	})
}
