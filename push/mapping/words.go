package mapping

import (
	"regexp"
	"slices"
	"strings"
)

// friendly says types of the language in words.
func friendly(words string) string {
	return strings.NewReplacer("map[string]interface {}", "an object", "[]interface {}", "a list", "[]string", "a list",
		"interface {}", "any value", "<nil>", "no value", "type string", "a text", "type bool", "true or false",
		"type int", "a number", "type float64", "a number", "types string", "types a text", "types bool", "types true or false",
		"types int", "types a whole number", "types float64", "types a number", " and string)", " and a text)",
		" and bool)", " and true or false)", " and int)", " and a whole number)", " and float64)", " and a number)").Replace(words)
}

// happened says in words what went wrong while an expression ran. The language tells some of it in terms of its own machine.
func happened(message string) string {
	message = strings.TrimPrefix(message, "invalid operation: ")
	switch {
	case strings.Contains(message, "memory budget"):
		return errBudget.Error()
	case strings.Contains(message, "divide by zero"):
		return "it divides by zero"
	}
	message = friendly(message)
	if m := otherType.FindStringSubmatch(message); m != nil {
		return "this is " + typeWords.Replace(" " + m[1] + " ")[1:] + "and has to be" + strings.TrimRight(typeWords.Replace(" "+m[2]+" "), " ")
	}
	if m := noNumber.FindStringSubmatch(message); m != nil {
		return "this is no whole number: " + m[1]
	}
	if strings.Contains(message, "MapIndex") {
		return "an object is asked by a text"
	}
	return strings.TrimSpace(typeWords.Replace(" " + message + " "))
}

var (
	otherType = regexp.MustCompile(`^interface conversion: (?:any value|interface) is (.+), not (.+)$`)
	noNumber  = regexp.MustCompile(`^int\((.*)\)$`)
	typeWords = strings.NewReplacer(" string ", " a text ", " bool ", " true or false ", " int ", " a whole number ", " float64 ", " a number ")
)

// unknownName is how the checker tells of a name that is none.
var unknownName = regexp.MustCompile(`^unknown (?:name|field) (\S+)$`)

// hinted adds, to a name that nothing has, the one that may be meant.
func hinted(message string, v *View) string {
	found := unknownName.FindStringSubmatch(message)
	if found == nil {
		return message
	}
	var names []string
	for name := range v.types {
		if name != meterName {
			names = append(names, name)
		}
	}
	for _, f := range functions() {
		names = append(names, f.name)
	}
	if best := Nearest(found[1], names); best != "" {
		return message + "; did you mean " + best + "?"
	}
	return message
}

// Nearest is the name among others that a wrong one may be meant for; empty: none.
func Nearest(wrong string, names []string) string {
	best, distance := "", 3
	for _, name := range slices.Sorted(slices.Values(names)) {
		if name == "" || wrong == "" {
			continue
		}
		d := edits(strings.ToLower(wrong), strings.ToLower(name))
		if name[0] != wrong[0] {
			d++ // the first letter is seldom the wrong one
		}
		if d < distance && d < len(name) {
			best, distance = name, d
		}
	}
	return best
}

// edits is how many letters have to be changed, added or taken away to make one name of another.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost = min(before, row[j], row[j+1]) + 1
			}
			before, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
