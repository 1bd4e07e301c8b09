package scim_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// A walk while others create, change and delete returns every resource that lives through it exactly once, and none
// twice, in the order of creation and in that of an attribute that does not change meanwhile (RFC 9865 §2).
func TestRFC9865_WalkUnderChangeReturnsWhatLivesThroughItOnce(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		var lasting []string
		for i := range 24 {
			lasting = append(lasting, c.addUser(fmt.Sprintf("%c-lasting%d@societe.example", 'a'+i, i)))
		}
		for _, order := range []string{"", "userName", "emails.value"} {
			done := make(chan struct{})
			var changing sync.WaitGroup
			for n := range 3 {
				changing.Go(func() { c.churn(n, lasting, done) })
			}
			for range 2 {
				seen := map[string]int{}
				first := c.ask("/Users", "count", "3", "sortBy", order, "cursor", "")
				for _, page := range c.walk("/Users", "nextCursor", first, "count", "3", "sortBy", order) {
					for i := 0; page.at("Resources", i) != nil; i++ {
						seen[page.text("Resources", i, "id")]++
					}
				}
				for _, id := range lasting {
					if seen[id] != 1 {
						t.Errorf("order %q: %s, which lived through the walk, came %d times", order, id, seen[id])
					}
				}
				for id, n := range seen {
					if n != 1 {
						t.Errorf("order %q: %s came %d times", order, id, n)
					}
				}
			}
			close(done)
			changing.Wait()
		}
	})
}

// churn creates and deletes Users all over the order, and changes those that last, until done. It leaves none behind.
func (c tenant) churn(n int, lasting []string, done <-chan struct{}) {
	var made []string
	drop := func() {
		if a := c.do("DELETE", "/Users/"+made[0], nil); a.status != 204 {
			c.t.Errorf("%s: %d", a.call, a.status)
		}
		made = made[1:]
	}
	for i := 0; ; i++ {
		select {
		case <-done:
			for len(made) > 0 {
				drop()
			}
			return
		default:
		}
		name := fmt.Sprintf("%c-passing%d.%d@societe.example", 'a'+i%24, n, i)
		a := c.do("POST", "/Users", user(name, object{"emails": []object{{"value": name}}}))
		if a.status != 201 {
			c.t.Errorf("%s: %d %s", a.call, a.status, a.body)
			return
		}
		made = append(made, a.text("id"))
		title := object{"title": strings.Repeat("x", 1+i%5)}
		if a := c.do("PATCH", "/Users/"+lasting[(i*5+n)%len(lasting)], patch(object{"op": "replace", "value": title})); a.status != 200 {
			c.t.Errorf("%s: %d %s", a.call, a.status, a.body)
		}
		if len(made) > 4 {
			drop()
		}
	}
}
