package scim_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim"
)

// RFC 7644: whatever is asked, in whatever order, the answer is that of the model: status, scimType and the whole of
// every document and list, and so is everything that is stored, after every step. PROPRIO_CAMPAIGN=full makes thousands
// of steps from a seed of its own, PROPRIO_SEED=n those from that seed; a failure says which steps it takes.
func TestModel_EveryAnswerIsThatOfRFC7644(t *testing.T) {
	t.Parallel()
	seed, sequences := uint64(1), 2
	if os.Getenv("PROPRIO_CAMPAIGN") == "full" {
		seed, sequences = uint64(time.Now().UnixNano()), 20
	}
	if given, err := strconv.ParseUint(os.Getenv("PROPRIO_SEED"), 10, 64); err == nil {
		seed = given
	}
	const length = 150
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		runs := newModelRuns(t, d)
		source := rand.New(rand.NewPCG(seed, 0))
		for range sequences {
			seeds := make([]uint64, length)
			for i := range seeds {
				seeds[i] = source.Uint64()
			}
			if fault := runs.play(seeds); fault != nil {
				fault = runs.shrink(seeds[:len(fault.trace)], fault)
				t.Fatalf("PROPRIO_SEED=%d: after these steps the server and the model differ:\n%s\n%s", seed, strings.Join(fault.trace, "\n"), fault.what)
			}
		}
	})
}

// modelRuns plays sequences of steps, each in a company of its own.
type modelRuns struct {
	world *world
	ticks atomic.Int64 // seconds of the directory's clock
	count int
}

func newModelRuns(t *testing.T, d *db.DB) *modelRuns {
	runs := &modelRuns{}
	runs.world = newWorld(t, d, func(s *scim.Server) { s.Directory.Now = runs.now })
	return runs
}

func (runs *modelRuns) now() time.Time { return time.Unix(1_800_000_000+runs.ticks.Load(), 0).UTC() }

// modelFault is where a run of steps went wrong: what they were, and how the last answer differs.
type modelFault struct {
	trace []string
	what  string
}

// play makes the steps that seeds stand for, and stops at the first answer that is not the model's.
func (runs *modelRuns) play(seeds []uint64) *modelFault {
	runs.count++
	c := runs.world.tenant(fmt.Sprint("Société ", runs.count), "")
	m := &model{}
	var trace []string
	for _, seed := range seeds {
		runs.ticks.Add(1)
		now := runs.now()
		m.clock = &now
		step := (&steps{Rand: rand.New(rand.NewPCG(seed, 0)), model: m}).next()
		trace = append(trace, step.String())
		a := c.do(step.method, strings.ReplaceAll(step.path, `"`, "%22"), step.body, step.headers...)
		err := step.check(m, a)
		if err == nil {
			err = m.checkAll(c)
		}
		if err != nil {
			return &modelFault{trace, err.Error()}
		}
	}
	return nil
}

// shrink leaves steps out, many at once and then one by one, for as long as what is left still goes wrong.
func (runs *modelRuns) shrink(seeds []uint64, fault *modelFault) *modelFault {
	for size := max(len(seeds)/2, 1); ; size = max(size/2, 1) {
		before := len(seeds)
		for at := 0; at+size <= len(seeds); {
			fewer := slices.Concat(seeds[:at], seeds[at+size:])
			if again := runs.play(fewer); again != nil {
				seeds, fault = fewer[:len(again.trace)], again
			} else {
				at += size
			}
		}
		if size == 1 && len(seeds) == before {
			return fault
		}
	}
}

// String writes the request.
func (step *modelStep) String() string {
	body := ""
	if step.body != nil {
		data, _ := json.Marshal(step.body)
		body = " " + string(data)
	}
	return fmt.Sprintf("%s %s %v%s", step.method, step.path, step.headers, body)
}

// check compares an answer with the model's. It tells the model the ids that the server has chosen.
func (step *modelStep) check(m *model, a answer) error {
	if step.faults != nil {
		return step.checkFault(a.status, a.body)
	}
	if a.status != step.status {
		return fmt.Errorf("status %d, want %d: %s", a.status, step.status, a.body)
	}
	if step.created != "" {
		m.rename(step.created, a.text("id"))
	}
	if step.compare != nil {
		return step.compare(a.json())
	}
	if step.shows == nil {
		return nil
	}
	if diff := cmp.Diff(step.shows(), inOrder(a.json())); diff != "" {
		return fmt.Errorf("the answer is another document (-want +got):\n%s", diff)
	}
	return nil
}

// checkFault looks at an answer that must be an error.
func (step *modelStep) checkFault(status int, body string) error {
	var e struct{ ScimType, Detail string }
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return fmt.Errorf("status %d, want an error %v: %s", status, step.faults, body)
	}
	for _, fault := range step.faults {
		want, scimType := 400, fault
		switch fault {
		case "404":
			want, scimType = 404, ""
		case "412":
			want, scimType = 412, ""
		case "uniqueness":
			want = 409
		}
		if status == want && e.ScimType == scimType && e.Detail != "" {
			return nil
		}
	}
	return fmt.Errorf("status %d, want one of the errors %v: %s", status, step.faults, body)
}

// checkAll compares all that is stored.
func (m *model) checkAll(c tenant) error {
	for _, typ := range []string{"User", "Group"} {
		all := m.of(typ)
		want := m.listed(all, 1, len(all), nil, nil)
		got := inListOrder(c.do("GET", "/"+typ+"s?count=1000", nil).must(200).json())
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("what is stored differs (-want +got):\n%s", diff)
		}
	}
	return nil
}
