package scim_test

import (
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

// Filters of every operator select the same, and operations of PATCH and PUT on every kind of attribute leave the same,
// whichever server reads them: elimity's parses the filter or path and validates the value by itself, ours does by its
// own means, and both end in one store. What is left out is said at [TestOracle_plainCRUD].
func TestOracle_filtersAndChanges(t *testing.T) {
	t.Parallel()
	const first, second, group = "019a0000-0000-7000-8000-000000000001", "019a0000-0000-7000-8000-000000000002", "019a0000-0000-7000-8000-000000000003"
	steps := []oracleStep{
		{"POST", "/Users", user("anne@company.fr", object{
			"schemas": []string{userURN, enterpriseURN}, "externalId": "Key-1", "title": "Gérante", "active": true, "nickName": "Nanou",
			"profileUrl": "https://company.fr/anne", "name": object{"givenName": "Anne", "familyName": "Le Gall"},
			"emails":           []object{{"value": "anne@company.fr", "type": "work", "primary": true}, {"value": "anne@home.fr", "type": "home"}},
			"x509Certificates": []object{{"value": "YWJj"}},
			enterpriseURN:      object{"department": "Direction", "employeeNumber": "1"},
		}), 201},
		{"POST", "/Users", user("bruno@company.fr", object{"title": "Maçon", "active": false, "roles": []object{{"value": "chantier"}}}), 201},
		{"POST", "/Groups", object{"schemas": []string{groupURN}, "displayName": "Équipe A", "members": []object{{"value": first}, {"value": second}}}, 201},
	}
	for _, filter := range []string{
		`title eq "gérante"`, `title ne "gérante"`, `title co "ér"`, `title sw "ma"`, `title ew "TE"`, `title pr`, `nickName pr`, `not (nickName pr)`,
		`title gt "h"`, `title ge "gérante"`, `title lt "h"`, `title le "gérante"`, `active eq true`, `active ne true`,
		`userName sw "anne" or title eq "maçon"`, `title pr and (active eq true or nickName pr)`, `not (active eq true) and not (nickName pr)`,
		`title eq "x" or title eq "maçon" and active eq false`, `name.familyName eq "le gall"`, `name.familyName co " "`,
		`emails[type eq "work" and value co "@company"]`, `emails[type eq "home"] and emails[value ew "home.fr"]`, `emails[not (type eq "work")]`,
		`emails.value eq "ANNE@home.fr"`, `emails.primary eq true`, `roles[value eq "chantier"]`, `externalId eq "Key-1"`, `externalId eq "key-1"`,
		`id eq "` + first + `"`, `id ne "` + first + `"`, `meta.created pr`, `userName sw ""`,
	} {
		steps = append(steps, oracleStep{"GET", "/Users?filter=" + filter, nil, 200}, oracleStep{"GET", "/Users?count=1&filter=" + filter, nil, 200})
	}
	for _, filter := range []string{`displayName eq "équipe a"`, `members.value eq "` + second + `"`, `members[value eq "` + first + `"]`, `members pr`, `displayName sw "éq"`} {
		steps = append(steps, oracleStep{"GET", "/Groups?filter=" + filter, nil, 200})
	}
	for _, filter := range []string{`title`, `title eq`, `(title pr`, `title pr)`, `title eq "x" nand active eq true`, `not title pr`, `emails[type eq "work"`, `active gt true`, `title eq 'x'`, `eq "x"`, `[title pr]`} {
		steps = append(steps, oracleStep{"GET", "/Users?filter=" + filter, nil, 400})
	}
	path := "/Users/" + first
	for _, change := range []struct {
		body object
		want int
	}{
		{patch(op("add", "emails", []object{{"value": "anne@other.fr", "type": "other"}})), 200},
		{patch(op("replace", `emails[type eq "home"].value`, "anne@maison.fr")), 200},
		{patch(object{"op": "remove", "path": `emails[type eq "other"]`}), 200},
		{patch(op("replace", "emails", []object{{"value": "a@company.fr", "type": "work"}})), 200},
		{patch(object{"op": "remove", "path": "emails"}), 200},
		{patch(op("add", "roles", []object{{"value": "r1"}, {"value": "r2"}}), op("add", "roles", []object{{"value": "r3"}})), 200},
		{patch(op("replace", "name", object{"givenName": "Annie"})), 200},
		{patch(object{"op": "remove", "path": "name.givenName"}), 200},
		{patch(op("replace", "active", false), op("replace", "title", "Présidente"), object{"op": "remove", "path": "nickName"}), 200},
		{patch(op("replace", enterpriseURN+":department", "Siège")), 200},
		{patch(object{"op": "remove", "path": enterpriseURN + ":department"}), 200},
		{patch(op("replace", "title", "never"), op("replace", "active", object{})), 400},
		{patch(object{"op": "remove", "path": "userName"}), 400},
		{patch(op("replace", "emails[type eq", "x")), 400},
	} {
		steps = append(steps, oracleStep{"PATCH", path, change.body, change.want}, oracleStep{"GET", path, nil, 200})
	}
	for _, body := range []object{
		user("anne@company.fr", object{"emails": []object{{"value": "x@company.fr", "type": "work", "primary": true}}, "name": object{"formatted": "A"}}),
		user("Anne@Company.fr", object{"schemas": []string{userURN, enterpriseURN}, enterpriseURN: object{"costCenter": "C", "manager": object{"value": second}}}),
		user("anne2@company.fr"),
	} {
		steps = append(steps, oracleStep{"PUT", path, body, 200}, oracleStep{"GET", path, nil, 200})
	}
	steps = append(steps,
		oracleStep{"PATCH", "/Groups/" + group, patch(object{"op": "remove", "path": `members[value eq "` + first + `"]`}), 200}, oracleStep{"GET", "/Groups/" + group, nil, 200},
		oracleStep{"PATCH", "/Groups/" + group, patch(op("add", "members", []object{{"value": first}, {"value": second}})), 200}, oracleStep{"GET", "/Groups/" + group, nil, 200},
		oracleStep{"PATCH", "/Groups/" + group, patch(op("replace", "members", []object{{"value": first}})), 200}, oracleStep{"GET", "/Groups/" + group, nil, 200},
		oracleStep{"PATCH", "/Groups/" + group, patch(object{"op": "remove", "path": "members"}), 200}, oracleStep{"GET", "/Groups/" + group, nil, 200},
		oracleStep{"PATCH", "/Groups/" + group, patch(op("add", "members", []object{{"value": "019a0000-0000-7000-8000-00000000ffff"}})), 400},
	)
	dbtest.Each(t, func(t *testing.T, d *db.DB) { agree(t, d, steps) })
}
