package conformance

// The languages of a report.
const (
	English = "en"
	French  = "fr"
)

// words are what a report says in one language. What went wrong is told in English, the language of the standards.
type words struct {
	Lang                                                  string
	Title, Server, Profile, When, Requests, Took          string
	Pass, Warn, Fail, Skip, All                           string
	Want, Got, Note, Sent, Evidence, Left, Stopped, Reads string
	Good, Bad, Requirement, Verdict, Contents             string
	levels                                                map[Level]string
}

func wordsIn(lang string) words {
	if lang == French {
		return words{
			Lang: French, Title: "Conformité SCIM", Server: "Serveur", Profile: "Profil", When: "Date", Requests: "Requêtes", Took: "Durée",
			Pass: "conforme", Warn: "à noter", Fail: "en défaut", Skip: "non jugée", All: "exigences",
			Want: "attendu", Got: "reçu", Note: "choix du serveur", Sent: "Échange", Evidence: "Échanges", Left: "Créé par cet essai et non supprimé",
			Stopped: "L'essai a été interrompu ; ce rapport est incomplet.", Reads: "Lecture seule : rien n'a été écrit.",
			Good: "Aucune obligation n'est en défaut.", Bad: "Des obligations sont en défaut.",
			Requirement: "Exigence", Verdict: "Verdict", Contents: "Sommaire",
			levels: map[Level]string{Must: "obligatoire", Should: "recommandé", Tolerance: "tolérance"},
		}
	}
	return words{
		Lang: English, Title: "SCIM conformance", Server: "Server", Profile: "Profile", When: "Date", Requests: "Requests", Took: "Took",
		Pass: "pass", Warn: "warn", Fail: "fail", Skip: "skip", All: "requirements",
		Want: "want", Got: "got", Note: "the server's choice", Sent: "Exchange", Evidence: "Exchanges", Left: "Made by this run and not deleted",
		Stopped: "The run was interrupted; this report is not complete.", Reads: "Reads only: nothing was written.",
		Good: "No requirement that must be met was missed.", Bad: "Requirements that must be met were missed.",
		Requirement: "Requirement", Verdict: "Verdict", Contents: "Contents",
		levels: map[Level]string{Must: "must", Should: "should", Tolerance: "tolerance"},
	}
}

func (w words) verdict(v Verdict) string {
	return map[Verdict]string{Pass: w.Pass, Warn: w.Warn, Fail: w.Fail, Skip: w.Skip}[v]
}

// verdicts is the word for n of one verdict.
func (w words) verdicts(n int, v Verdict) string {
	if w.Lang == French && n > 1 && v == Pass {
		return "conformes"
	}
	if w.Lang == French && n > 1 && v == Skip {
		return "non jugées"
	}
	return w.verdict(v)
}

// title is a requirement's or a section's in the report's language.
func (w words) title(english, french string) string {
	if w.Lang == French {
		return french
	}
	return english
}
