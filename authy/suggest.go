package authy

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest is the candidate that a misspelt name most likely meant, or "" when none is near.
//
// Case and the difference between '-', '_' and nothing do not count, so authyId finds authy_id; two swapped
// letters count as one mistake; the beginning of a single candidate finds that one. A name of more than 64 bytes is
// near to nothing.
func Nearest(name string, candidates []string) string {
	const longest = 64 // the distance costs the product of the lengths
	if len(name) > longest {
		return ""
	}
	best, bestDistance := "", 1+max(1, len(name)/3)
	folded := foldName(name)
	var longer []string // candidates that go on where the name ends
	for _, candidate := range candidates {
		full := foldName(candidate)
		distance := levenshtein.ComputeDistance(folded, full)
		if distance == 2 && swapped(folded, full) {
			distance = 1
		}
		if distance < bestDistance {
			best, bestDistance = candidate, distance
		}
		if len(folded) >= shortestStem && strings.HasPrefix(full, folded) {
			longer = append(longer, candidate)
		}
	}
	if best == "" && len(longer) == 1 {
		return longer[0]
	}
	return best
}

// swapped reports whether two names differ by one pair of neighbouring letters, the commonest slip of all.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// shortestStem is how much of a name must be there for its beginning to mean it.
const shortestStem = 3

var nameFolder = strings.NewReplacer("_", "", "-", "")

func foldName(name string) string { return strings.ToLower(nameFolder.Replace(name)) }

// didYouMean is the hint that ends an error about a misspelt name: `, did you mean "authy_id"?` or "".
func didYouMean(name string, candidates []string) string {
	if near := Nearest(name, candidates); near != "" {
		return `, did you mean "` + near + `"?`
	}
	return ""
}
