package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"proprio/scim/client"
)

const dropboxTokens = "https://api.dropboxapi.com/oauth2/token"

// openDropbox opens the members of a Dropbox team. Its credential is an access token alone, which lives some hours, or a
// refresh token with the app's key and secret.
func openDropbox(c connection) (*remote, error) {
	build := func(a *api) product { return product{users: dropboxMembers{api: a}} }
	if !isObject(c.config.Token) {
		token, err := bearer("Dropbox", c.config.Token)
		if err != nil {
			return nil, err
		}
		return c.open(fixedHeader("Authorization", "Bearer "+token), dropboxTerms, build)
	}
	key, err := readRefreshKey("Dropbox", c.config.Token, c.config.AllowPlain)
	if err == nil {
		err = require("Dropbox", field{"client_id", key.ClientID}, field{"client_secret", key.ClientSecret})
	}
	if err != nil {
		return nil, err
	}
	return c.open(c.refreshing("Dropbox", dropboxTokens, key), dropboxTerms, build, key.RefreshToken, key.ClientSecret)
}

// dropboxTerms: whatever a call cannot do comes as 409 with a tag.
func dropboxTerms(e *client.Error, a client.Answer) {
	doc, err := a.Document()
	if err != nil || e.Status != http.StatusConflict {
		return
	}
	switch tag := inner(doc, "error").Text(".tag"); tag {
	case "user_not_found", "user_not_in_team":
		e.Status = http.StatusNotFound
	case "email_reserved_for_other_user", "external_id_used_by_other_user":
		e.ScimType = "uniqueness"
	case "suspend_last_admin", "remove_last_admin", "team_license_limit", "no_permission":
		e.Status = http.StatusForbidden
	default:
		e.Status = http.StatusBadRequest
	}
}

// dropboxMembers are the members of a Dropbox team. They are suspended and come back; removing one takes data away.
type dropboxMembers struct {
	kept
	api *api
}

func (d dropboxMembers) list(ctx context.Context, q query, r *reading) error {
	switch q.attribute {
	case "":
	case "userName":
		return d.byAddress(ctx, q.value, r)
	default:
		return q.unknown()
	}
	path, ask := "/team/members/list_v2", fields{"limit": pageSize(q, 1000), "include_removed": false}
	return r.each(d.account, func(from string) ([]client.Document, string, error) {
		if from != "" {
			path, ask = "/team/members/list/continue_v2", fields{"cursor": from}
		}
		doc, err := d.ask(ctx, path, ask)
		if err != nil {
			return nil, "", err
		}
		next := ""
		if doc.Flag("has_more", false) {
			if next = doc.Text("cursor"); next == "" {
				return nil, "", r.incomplete("Dropbox says that there are more, but not where")
			}
		}
		members, err := d.api.elements(path, doc, "members")
		return members, next, err
	})
}

// ask posts a question, as all of Dropbox's are, and wants an answer to it.
func (d dropboxMembers) ask(ctx context.Context, path string, body any) (client.Document, error) {
	doc, err := d.api.write(ctx, http.MethodPost, path, body)
	if err == nil && doc == nil {
		err = d.api.broken(http.MethodPost, path, "it is empty")
	}
	return doc, err
}

func (d dropboxMembers) byAddress(ctx context.Context, address string, r *reading) error {
	found, err := d.info(ctx, fields{".tag": "email", "email": address})
	if err != nil || found == nil {
		return err
	}
	return r.page(d.account, []client.Document{found})
}

// info reads one member; nil: the team has none such.
func (d dropboxMembers) info(ctx context.Context, who fields) (client.Document, error) {
	const path = "/team/members/get_info_v2"
	doc, err := d.ask(ctx, path, fields{"members": []any{who}})
	if err != nil {
		return nil, err
	}
	found, err := d.api.elements(path, doc, "members_info")
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, d.api.broken(http.MethodPost, path, "it tells of %d members, asked for one", len(found))
	}
	switch tag := found[0].Text(".tag"); {
	case tag == "id_not_found":
		return nil, nil
	case tag != "member_info":
		return nil, d.api.broken(http.MethodPost, path, "it tells of %q", tag)
	case inner(inner(found[0], "profile"), "status").Text(".tag") == "removed":
		return nil, nil
	}
	return found[0], nil
}

// account is a member as shown: userType tells an invitation that waits from a member.
func (d dropboxMembers) account(m client.Document) client.Document {
	profile := inner(m, "profile")
	name, state := inner(profile, "name"), inner(profile, "status").Text(".tag")
	a := account(profile.Text("team_member_id"), profile.Text("email"), state != "suspended" && state != "removed")
	named(a, name.Text("given_name"), name.Text("surname"))
	put(a, "displayName", name.Text("display_name"))
	put(a, "externalId", profile.Text("external_id"))
	put(a, "userType", state)
	var roles []string
	for _, role := range m.Values("roles") {
		if role.Text("name") != "" {
			roles = append(roles, role.Text("name"))
		}
	}
	if len(roles) > 0 {
		a["roles"] = valued(roles...)
	}
	return a
}

func member(id string) fields { return fields{".tag": "team_member_id", "team_member_id": id} }

func (d dropboxMembers) get(ctx context.Context, id string) (client.Document, error) {
	found, err := d.info(ctx, member(id))
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, d.api.refused(http.MethodPost, "/team/members/get_info_v2", http.StatusNotFound, "the team has no member "+id)
	}
	return d.account(found), nil
}

// create invites somebody to the team.
func (d dropboxMembers) create(ctx context.Context, resource fields) (client.Document, error) {
	const path = "/team/members/add_v2"
	doc := client.Document(resource)
	address := doc.Text("userName")
	person := fields{"member_email": address, "send_welcome_email": true}
	for theirs, value := range map[string]string{"member_given_name": sub(resource, "name", "givenName"),
		"member_surname": sub(resource, "name", "familyName"), "member_external_id": doc.Text("externalId")} {
		if value != "" {
			person[theirs] = value
		}
	}
	answer, err := d.ask(ctx, path, fields{"new_members": []any{person}, "force_async": false})
	if err == nil {
		answer, err = d.await(ctx, "/team/members/add/job_status/get_v2", answer)
	}
	if err != nil {
		return nil, err
	}
	done, err := d.api.elements(path, answer, "complete")
	if err != nil || len(done) != 1 {
		return nil, d.api.broken(http.MethodPost, path, "it tells of %d members, asked for one", len(done))
	}
	switch tag := done[0].Text(".tag"); tag {
	case "success":
		return d.account(done[0]), nil
	case "user_already_on_team", "user_on_another_team", "duplicate_external_member_id", "duplicate_member_persistent_id", "user_already_paired":
		e := d.api.refused(http.MethodPost, path, http.StatusConflict, tag)
		e.ScimType = "uniqueness"
		return nil, e
	case "team_license_limit", "free_team_member_limit_reached", "persistent_id_disabled":
		return nil, d.api.refused(http.MethodPost, path, http.StatusForbidden, tag)
	default:
		return nil, d.api.refused(http.MethodPost, path, http.StatusBadRequest, tag)
	}
}

// await asks for the end of a job, in growing steps, for some seconds. What takes longer counts as unanswered: the next
// attempt looks what became of it before it begins another.
func (d dropboxMembers) await(ctx context.Context, path string, begun client.Document) (client.Document, error) {
	if begun.Text(".tag") != "async_job_id" {
		return begun, nil
	}
	for pause := 50 * time.Millisecond; pause < 4*time.Second; pause *= 2 {
		doc, err := d.ask(ctx, path, fields{"async_job_id": begun.Text("async_job_id")})
		if err != nil {
			return nil, d.api.unheard(err, http.MethodPost, path)
		}
		switch doc.Text(".tag") {
		case "complete":
			return doc, nil
		case "failed":
			words := doc.Text("failed")
			if words == "" {
				words = inner(doc, "failed").Text(".tag")
			}
			return nil, d.api.refused(http.MethodPost, path, http.StatusBadRequest, words)
		}
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil, ctx.Err()
		case <-wait.C:
		}
	}
	return nil, &client.Unanswered{Method: http.MethodPost, URL: d.api.base + path, Cause: errors.New("the job has not ended yet")}
}

// change takes access away before all else, and gives it after all else.
func (d dropboxMembers) change(ctx context.Context, id string, c change) error {
	active, told := c.flag("active")
	if told && !active {
		if err := d.switchTo(ctx, id, false); err != nil {
			return err
		}
	}
	if err := d.rewrite(ctx, id, c); err != nil {
		return err
	}
	if told && active {
		return d.switchTo(ctx, id, true)
	}
	return nil
}

// switchTo suspends or unsuspends, unless the member is so already. What is on a suspended person's devices is kept: a
// suspension may be a mistake, and what was not yet synced would be lost.
func (d dropboxMembers) switchTo(ctx context.Context, id string, active bool) error {
	now, err := d.get(ctx, id)
	if err != nil || now.Flag("active", true) == active {
		return err
	}
	if active {
		_, err = d.api.write(ctx, http.MethodPost, "/team/members/unsuspend", fields{"user": member(id)})
		return err
	}
	if now.Text("userType") == "invited" {
		return d.withdraw(ctx, id)
	}
	_, err = d.api.write(ctx, http.MethodPost, "/team/members/suspend", fields{"user": member(id), "wipe_data": false})
	return err
}

// withdraw takes an invitation back, which cannot be suspended. Nothing is lost: who never accepted has no files in the team.
func (d dropboxMembers) withdraw(ctx context.Context, id string) error {
	begun, err := d.ask(ctx, "/team/members/remove", fields{"user": member(id), "wipe_data": false, "keep_account": false})
	if err == nil {
		_, err = d.await(ctx, "/team/members/remove/job_status/get", begun)
	}
	return err
}

func (d dropboxMembers) rewrite(ctx context.Context, id string, c change) error {
	body := fields{}
	if address := c.text("userName"); address != "" {
		body["new_email"] = address
	}
	for theirs, ours := range map[string]string{"new_given_name": "givenName", "new_surname": "familyName"} {
		if name := sub(c.set, "name", ours); name != "" {
			body[theirs] = name
		}
	}
	if len(body) == 0 {
		return nil
	}
	body["user"] = member(id)
	_, err := d.api.write(ctx, http.MethodPost, "/team/members/set_profile_v2", body)
	return err
}
