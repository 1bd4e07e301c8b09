package conformance

import (
	"time"
)

// Verdict is what was found about one requirement.
type Verdict string

// The verdicts, from the best to the worst.
const (
	Skip Verdict = "skip" // not judged; Why says why
	Pass Verdict = "pass"
	Warn Verdict = "warn" // a should or a tolerance was missed
	Fail Verdict = "fail" // a must was missed
)

// worse orders verdicts.
func (v Verdict) worse(than Verdict) bool { return rank(v) > rank(than) }

func rank(v Verdict) int {
	switch v {
	case Pass:
		return 1
	case Warn:
		return 2
	case Fail:
		return 3
	}
	return 0
}

// keptMisses is how many misses of one requirement a report tells.
const keptMisses = 8

// Exchange is one request and its answer, with secrets hidden and bodies cut.
type Exchange struct {
	Method   string `json:"method"`
	Path     string `json:"path"` // with the query, from the base address on
	Headers  string `json:"headers,omitempty"`
	Request  string `json:"request,omitempty"`
	Status   int    `json:"status"`
	Response string `json:"response,omitempty"`
	Error    string `json:"error,omitempty"` // there was no answer
}

// Miss is something that is not as it should be.
type Miss struct {
	Level    Level     `json:"level"`
	Want     string    `json:"want"`
	Got      string    `json:"got"`
	Exchange *Exchange `json:"exchange,omitempty"`
}

// Result is the verdict on one requirement: the worst of its probes.
type Result struct {
	Requirement
	Verdict   Verdict    `json:"verdict"`
	Why       string     `json:"why,omitempty"`    // of a skip; otherwise what was left out
	Notes     []string   `json:"notes,omitempty"`  // which of several right ways the server goes
	Misses    []Miss     `json:"misses,omitempty"` // what is wrong
	More      int        `json:"more,omitempty"`   // misses beside those
	Judged    int        `json:"judged"`           // how many things were looked at
	Exchanges []Exchange `json:"exchanges"`        // the first ones, as evidence
}

// Report is what a run found.
type Report struct {
	URL         string        `json:"url"`
	Profile     string        `json:"profile"`
	Started     time.Time     `json:"started"`
	Duration    time.Duration `json:"durationNanoseconds"`
	Requests    int           `json:"requests"`
	Results     []Result      `json:"results"`
	Leftovers   []string      `json:"leftovers,omitempty"` // what the suite made and could not delete
	Interrupted bool          `json:"interrupted,omitempty"`
	ReadOnly    bool          `json:"readOnly,omitempty"`
}

// Counts says how often each verdict was given.
func (r *Report) Counts() map[Verdict]int {
	counts := map[Verdict]int{Pass: 0, Warn: 0, Fail: 0, Skip: 0}
	for _, result := range r.Results {
		counts[result.Verdict]++
	}
	return counts
}

// Failed says whether a must was missed, or the run did not come to its end.
func (r *Report) Failed() bool { return r.Interrupted || r.Counts()[Fail] > 0 }
