package profiles_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"proprio/push/profiles"
)

func TestEveryEmbeddedProfileLoads(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"generic", "aws-iam-identity-center", "okta-style", "google-cloud-identity"} {
		p, ok := set.Get(name)
		if !ok || len(p.Sources) == 0 || p.Members.PerCall == 0 || p.Rate.Concurrency == 0 {
			t.Errorf("profile %s: %+v", name, p)
		}
	}
	aws, _ := set.Get("aws-iam-identity-center")
	if aws.Members.PerCall != 100 || aws.Members.Remove != "value" || !aws.Members.Unreadable || aws.Paging.Size != 50 {
		t.Errorf("AWS member rules: %+v", aws.Members)
	}
	if okta, _ := set.Get("okta-style"); okta.PatchForm != "object" || okta.Members.Remove != "filter" {
		t.Errorf("okta-style: %+v", okta)
	}
}

// A company's own file is one more product, or takes the place of one that comes with the program.
func TestAFolderAddsAndReplacesProfiles(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(fstest.MapFS{
		"asana.json":   {Data: []byte(`{"name": "asana", "title": "Our Asana"}`)},
		"cadence.json": {Data: []byte(`{"name": "cadence", "title": "Cadence CRM"}`)},
		"notes.txt":    {Data: []byte(`no profile`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, title := range map[string]string{"asana": "Our Asana", "cadence": "Cadence CRM", "slack": "Slack"} {
		if p, ok := set.Get(name); !ok || p.Title != title {
			t.Errorf("profile %s is %q, want %q", name, p.Title, title)
		}
	}
}

func TestAWrongProfileSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"name": "x", "title": "X", "patchFrom": "object"}`:              "patchFrom",
		`{"name": "X y", "title": "X"}`:                                   "name",
		`{"name": "x"}`:                                                   "title",
		`{"name": "x", "title": "X", "update": "post"}`:                   "update",
		`{"name": "x", "title": "X", "members": {"remove": "replace"}}`:   "members.remove",
		`{"name": "x", "title": "X", "members": {"perCall": -1}}`:         "members.perCall",
		`{"name": "x", "title": "X", "users": {"deactivate": "forget"}}`:  "users.deactivate",
		`{"name": "x", "title": "X", "rate": {"perSecond": -5}}`:          "rate.perSecond",
		`{"name": "x", "title": "X", "match": {"user": "nickName"}}`:      "match.user",
		`{"name": "x", "title": "X", "roles": {"attribute": "roles[0]"}}`: "roles.attribute",
		`{"name": "x", "title": "X", "roles": {"attribute": "a.b.c"}}`:    "roles.attribute",
		`{"name": "x", "title": "X", "roles": {"closed": true}}`:          "roles.administrators",
		`{"name": "x", "title": "X", "roles": {"administrators": [""]}}`:  "roles.administrators",
		`{"name": "y", "title": "X"}`:                                     "like the file",
		`{"name": "x", "title": `:                                         "EOF",
		`[]`:                                                              "array",
	} {
		_, err := profiles.Load(fstest.MapFS{"x.json": {Data: []byte(text)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that names %s", text, err, want)
		}
	}
}
