package push

import (
	"context"

	"proprio/resources"
	"proprio/scim/client"
)

// linked brings an account that an admin linked, and to which nothing was sent yet, in line with its User: only what differs
// is sent, and what else the app has about the account stays.
func (j *job) linked(ctx context.Context, r *resources.Resource, want fields) error {
	j.doing("look up")
	found, err := j.client.Get(ctx, endpointUsers, j.account.RemoteID)
	if err != nil {
		return judge(err, onObject)
	}
	known := j.foundIn(found, want)
	if name := found.Text("userName"); name != "" {
		known["userName"] = name // in whatever letter case; where it never changes, it is what a person has to deal with
	}
	if want["active"] != false && known["active"] == false {
		if err := j.mayReactivate(ctx, known); err != nil {
			return err
		}
	}
	j.appeared(r)
	j.account.Written = encodeFields(known)
	return j.update(ctx, want, nil, known)
}

// undecided refuses an account that an admin wants to be left as it is.
func (j *job) undecided(ctx context.Context, doc client.Document) error {
	if j.account.ObjectType != resources.TypeUser {
		return nil
	}
	decisions, err := j.store.DecisionsOn(ctx, j.account.Company, j.account.App, []string{doc.ID()}, addressesOf(doc))
	if err != nil {
		return err
	}
	for _, d := range decisions {
		if d.HandsOff() {
			return needs(ClassNeedsAdmin, "%s", handsOff(d))
		}
	}
	return nil
}

// decided is what admins decided about accounts of an app, by remote id and by address.
type decided struct{ byID, byAddress map[string]Decision }

func (e *Engine) decided(ctx context.Context, app App) (decided, error) {
	out := decided{map[string]Decision{}, map[string]Decision{}}
	all, err := e.Store.Decisions(ctx, app.Company, app.ID)
	for _, d := range all {
		if d.ByAddress {
			out.byAddress[d.Account] = d
		} else {
			out.byID[d.Account] = d
		}
	}
	return out, err
}

// handsOff says why an account is not touched; empty: nobody decided so.
func (c decided) handsOff(doc client.Document) string {
	if d := c.byID[doc.ID()]; d.HandsOff() {
		return handsOff(d)
	}
	for _, address := range addressesOf(doc) {
		if d := c.byAddress[address]; d.HandsOff() {
			return handsOff(d)
		}
	}
	return ""
}

// handsOff says why an account is not touched, and what to do.
func handsOff(d Decision) string {
	said := "is not the company's"
	switch d.Verb {
	case VerbExcept:
		said = "stays as it is until " + d.Until.Format("2006-01-02")
	case VerbUnlink:
		said = "is not to be " + d.UserName + "'s"
	}
	reason := ""
	if d.Reason != "" {
		reason = " (" + d.Reason + ")"
	}
	return "the app holds " + d.Name + ", of which " + d.By + " decided on " + d.At.Format("2006-01-02") + " that it " + said + reason +
		": link it, or rename or remove it in the app"
}

// addressesOf are the folded forms of the names and addresses of an account, as decisions keep them.
func addressesOf(doc client.Document) []string {
	var out []string
	for _, s := range append(valuesAt(doc, "emails.value"), doc.Text("userName")) {
		if s != "" {
			out = append(out, resources.FoldEmail(s), resources.FoldUserName(s))
		}
	}
	return out
}
