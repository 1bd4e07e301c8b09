package resources

import (
	"testing"

	"proprio/resources/filter"
)

// The look-ups of identity providers, and a filter with everything.
var benchFilters = map[string]string{
	"userName": `userName eq "anne@x.fr"`,
	"emails":   `emails[type eq "work" and value eq "w@x.fr"]`,
	"all":      `active eq true and (title pr or not (name.givenName sw "A")) and emails.value co "@x"`,
}

func BenchmarkBind(b *testing.B) {
	rt := registry.Type(TypeUser)
	for name, text := range benchFilters {
		e, err := filter.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rt.Bind(e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	d, err := build(b, TypeUser, Switches{}, expand(someone))
	if err != nil {
		b.Fatal(err)
	}
	view := View{Document: d.doc, Resource: &Resource{Type: TypeUser, ID: "u", Index: d.rt.Index(d.doc)}}
	for name, text := range benchFilters {
		e, err := filter.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		c, err := d.rt.Bind(e)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Match(c, view)
			}
		})
	}
}
