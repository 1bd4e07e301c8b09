package demo

import (
	"fmt"
	"strings"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
	"unicode"
)

// The made-up firm.
const (
	CompanyName   = "Atelier Brémond"
	CompanyDomain = "atelier-bremond.fr"
	AppName       = "Cadence CRM"
	HandAppName   = "jefacture.com"  // it has no interface
	HandAppGroup  = "Administration" // who has an account there
)

// Person is somebody of the firm.
type Person struct {
	Given, Family, Title, Department string
	Okta                             bool // comes in through the second connection
}

// Address is the person's professional address, in plain letters.
func (p Person) Address() string {
	return plain(p.Given) + "." + plain(p.Family) + "@" + CompanyDomain
}

// ExternalID is the identity provider's own key of the person.
func (p Person) ExternalID() string { return "ab-" + plain(p.Given) + "-" + plain(p.Family) }

// Name is the person's full name.
func (p Person) Name() string { return p.Given + " " + p.Family }

// The people the story is about.
var (
	director = Person{Given: "Hélène", Family: "Brémond", Title: "Gérante", Department: "Direction"}
	itAdmin  = Person{Given: "Karim", Family: "Haddad", Title: "Responsable informatique", Department: "Informatique"}
	leaver   = Person{Given: "Thomas", Family: "Lefèvre", Title: "Chargé d’affaires", Department: "Commercial"}
	newcomer = Person{Given: "Inès", Family: "Carpentier", Title: "Chargée d’affaires", Department: "Commercial"}
)

// lostAccount is the account that the downstream app already holds: made three years ago by an assistant with her
// personal address, and the only super admin.
var lostAccount = map[string]any{
	"userName":    "sandrine.morel.secretariat@gmail.com",
	"displayName": "Sandrine Morel",
	"name":        map[string]any{"givenName": "Sandrine", "familyName": "Morel"},
	"title":       "Assistante de direction",
	"active":      true,
	"emails": []any{map[string]any{
		"value": "sandrine.morel.secretariat@gmail.com", "type": "home", "primary": true,
	}},
	"roles": []any{map[string]any{"value": "super_admin", "display": "Super admin", "primary": true}},
}

// People lists the firm, the story's people included, in a fixed order.
func People() []Person {
	people := []Person{director, itAdmin, leaver}
	departments := []struct{ name, titles string }{ // each title as a man and as a woman bears it
		{"Atelier", "Ébéniste/Ébéniste,Menuisier/Menuisière,Vernisseur/Vernisseuse,Tapissier/Tapissière,Chef d’atelier/Cheffe d’atelier"},
		{"Commercial", "Chargé d’affaires/Chargée d’affaires,Technico-commercial/Technico-commerciale,Assistant commercial/Assistante commerciale"},
		{"Bureau d’études", "Dessinateur projeteur/Dessinatrice projeteuse,Architecte d’intérieur/Architecte d’intérieur,Métreur/Métreuse"},
		{"Administration", "Comptable/Comptable,Gestionnaire de paie/Gestionnaire de paie,Assistant de direction/Assistante de direction"},
		{"Logistique", "Magasinier/Magasinière,Poseur/Poseuse,Conducteur de travaux/Conductrice de travaux"},
	}
	given := strings.Split("Camille*,Lucas,Manon*,Hugo,Chloé*,Léo,Jeanne*,Nathan,Zoé*,Mathis,Aïcha*,Raphaël,Louise*,Gaël,Maëlle*,"+
		"Ousmane,Clémence*,Théo,Noémie*,Yanis,Élodie*,Baptiste,Margaux*,Amine,Solène*,Rémi,Anaïs*,Loïc,Fatou*,Cédric,Océane*,"+
		"Bastien,Mélissa*,Gwenaël,Agathe*,Stéphane,Véronique*", ",") // a star for a woman
	family := strings.Split("Garnier,Moreau,Perrin,Benali,Fournier,Lambert,Rousseau,Diallo,Chevalier,Gauthier,Kone,"+
		"Le Goff,Marchand,Dubois,Nguyen,Traoré,Barbier,Arnaud,Lemoine,Saïdi,Renard,Charpentier,Vasseur,Cohen,Poirier,"+
		"Meunier,Da Silva,Brunet,Sarr,Picard,Leroux,Texier,Hamon,Jaouen,Weiss,Delmas,Caron", ",")
	for i := range given {
		d := departments[i%len(departments)]
		titles := strings.Split(d.titles, ",")
		title, asWoman, _ := strings.Cut(titles[i/len(departments)%len(titles)], "/")
		name, woman := strings.CutSuffix(given[i], "*")
		if woman {
			title = asWoman
		}
		people = append(people, Person{
			Given: name, Family: family[i], Title: title, Department: d.name, Okta: i%3 == 2,
		})
	}
	return people
}

// vars are what a recorded sequence asks for of one person.
func (p Person) vars() map[string]string {
	return map[string]string{
		"userName": p.Address(), "email": p.Address(), "givenName": p.Given, "familyName": p.Family,
		"displayName": p.Name(), "title": p.Title, "department": p.Department, "externalId": p.ExternalID(),
	}
}

// plain writes a name as an address does: lower case, no accents, hyphens for spaces.
func plain(name string) string {
	strip := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	s, _, err := transform.String(strip, strings.ToLower(name))
	if err != nil {
		panic(fmt.Sprintf("demo: name %q: %v", name, err)) // only names written above come here
	}
	return strings.ReplaceAll(s, " ", "-")
}
