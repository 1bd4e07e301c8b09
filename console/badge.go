package console

import (
	"fmt"
	"html/template"
)

// look is the tone and the shape of a word. A colour never speaks alone: every badge has an icon and the word.
type look struct{ tone, icon string }

// looks is the closed set of badges: group → value → look. The word is the message group.value.
func looks() map[string]map[string]look {
	return map[string]map[string]look{
		"severity": {
			"critical": {"critical", "octagon"}, "high": {"bad", "triangle"}, "medium": {"warn", "diamond"}, "low": {"quiet", "info"},
		},
		"verdict": {"green": {"good", "check"}, "amber": {"warn", "triangle"}, "red": {"bad", "octagon"}},
		"account-state": {"confirmed": {"good", "check"}, "pending": {"info", "clock"}, "partial": {"info", "clock"}, "accepted": {"info", "clock"}, "failed": {"bad", "cross"}, "removed": {"quiet", "minus"},
			"held": {"warn", "pause"}, "kept": {"warn", "eye"}, "waiting": {"info", "person"}},
		"person-state":     {"active": {"good", "check"}, "inactive": {"quiet", "minus"}, "held": {"warn", "pause"}},
		"app-state":        {"running": {"good", "check"}, "paused": {"warn", "pause"}, "blocked": {"bad", "cross"}, "setup": {"info", "gear"}},
		"relation":         {"matched": {"good", "person"}, "unmatched": {"warn", "triangle"}, "ambiguous": {"warn", "people"}, "linked": {"good", "check"}},
		"difference":       {"different": {"warn", "triangle"}, "missing": {"bad", "cross"}, "extra": {"info", "info"}, "unverifiable": {"quiet", "info"}},
		"connection-state": {"enabled": {"good", "check"}, "held": {"warn", "pause"}, "disabled": {"quiet", "minus"}},
		"stream":           {streamEnabled: {"good", "check"}, streamFailing: {"bad", "cross"}, streamPaused: {"warn", "pause"}, streamDisabled: {"quiet", "minus"}},
		"token":            {"active": {"good", "check"}, "expiring": {"warn", "clock"}, "expired": {"bad", "cross"}, "revoked": {"quiet", "minus"}},
		"answer":           {"accepted": {"good", "check"}, "refused": {"warn", "triangle"}, "failed": {"bad", "cross"}, "silent": {"bad", "cross"}},
		"task-state":       {taskOpen: {"info", "clock"}, taskLate: {"bad", "triangle"}, taskDone: {"warn", "eye"}, taskConfirmed: {"good", "check"}, taskRefused: {"bad", "cross"}, taskWithdrawn: {"quiet", "minus"}},
		"kind":             {"employee": {"plain", "person"}, "contractor": {"info", "person"}, "client": {"info", "person"}, "service": {"quiet", "gear"}},
		"role":             {"administrator": {"warn", "key"}},
		"wish":             {"inactive": {"quiet", "minus"}},
	}
}

// badge is a coloured word. A value that the console does not know is shown as it is, quietly.
func (f formatter) badge(group string, value any) template.HTML {
	l, ok := f.looks[group][fmt.Sprint(value)]
	if !ok {
		l = look{"quiet", "info"}
	}
	return template.HTML(fmt.Sprintf(`<span class="badge %s">%s%s</span>`, l.tone, f.icon(l.icon), template.HTMLEscapeString(f.word(group, value))))
}

// icon draws one shape of static/icons.svg; it is decoration, the word beside it says the same.
func (f formatter) icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" aria-hidden="true" focusable="false"><use href="` + f.assets["icons.svg"] + `#` + template.HTMLEscapeString(name) + `"></use></svg>`)
}
