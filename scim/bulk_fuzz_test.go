package scim

import (
	"errors"
	"testing"

	"proprio/resources"
)

// Whatever is sent, decoding a bulk request gives a domain error or operations that are each processed once, after all
// that they refer to unless they have a fault.
func FuzzBulkOrder(f *testing.F) {
	for _, seed := range []string{
		`{"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a"}},{"method":"DELETE","path":"/Users/bulkId:a"}]}`,
		`{"failOnErrors":2,"Operations":[{"method":"post","path":"Groups","bulkId":"a","data":{"members":["bulkId:b","bulkId:c"]}},
			{"method":"POST","path":"/Groups","bulkId":"b","data":{"x":{"y":["bulkId:a"]}}},{"method":"POST","path":"/Users","bulkId":"c","data":{}}]}`,
		`{"Operations":[{"method":"PATCH","path":"/Groups/x","data":{"Operations":[{"path":"members[value eq \"bulkId:a\" or value eq \"bulkId:\"]"}]}},
			{"method":"POST","path":"/Users","bulkId":"a","data":{"v":"bulkId:a"}},{"method":"POST","path":"/Users","bulkId":"a","data":{}}]}`,
		`{"Operations":[null,7,[],{"method":7},{"path":"//"},{"path":"%zz/%ff","bulkId":"","version":[]}]}`,
	} {
		f.Add(seed)
	}
	b := &bulk{newSite(&Server{Limits: Limits{}.withDefaults()}, edition{registry: resources.NewRegistry()})}
	f.Fuzz(func(t *testing.T, text string) {
		body, err := resources.DecodeObject([]byte(text))
		if err != nil {
			return
		}
		request, err := b.decode(body)
		if err != nil {
			if e := new(resources.Error); !errors.As(err, &e) || wireError(err, "").Status/100 != 4 || e.Detail == "" {
				t.Fatalf("error that is not the client's: %v", err)
			}
			return
		}
		made := map[*bulkOperation]bool{}
		for _, step := range request.order() {
			o := step.bulkOperation
			if step.complete {
				if !made[o] || o.later == nil || o.method != "POST" {
					t.Fatalf("%+v is completed, and was not begun", o)
				}
				o.data, o.later = o.later, nil
				o.references = o.findReferences()
			} else if made[o] {
				t.Fatalf("%+v is processed twice", o)
			}
			for _, name := range o.references {
				if creator := request.creators[name]; creator != nil && !made[creator] && o.fault == nil {
					t.Fatalf("%+v is processed before %q", o, name)
				}
			}
			if o.fault == nil && (o.endpoint == nil || o.method == "" || (o.method == "POST") != (o.id == "")) {
				t.Fatalf("operation %+v", o)
			}
			if wire := wireError(o.fault, ""); o.fault != nil && (wire.Status/100 != 4 || wire.Detail == "") {
				t.Fatalf("fault that is not the client's: %v", o.fault)
			}
			made[o] = true
		}
		for o := range made {
			if o.later != nil {
				t.Fatalf("%+v is never completed", o)
			}
		}
		if len(made) != len(request.operations) {
			t.Fatalf("%d of %d operations are processed", len(made), len(request.operations))
		}
	})
}
