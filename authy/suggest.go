package authy

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest is the candidate that a misspelt name most likely meant, or "" when none is near.
//
// Case and the difference between '-', '_' and nothing do not count, so authyId finds authy_id.
func Nearest(name string, candidates []string) string {
	best, bestDistance := "", 1+max(1, len(name)/3)
	folded := foldName(name)
	for _, candidate := range candidates {
		distance := levenshtein.ComputeDistance(folded, foldName(candidate))
		if distance < bestDistance {
			best, bestDistance = candidate, distance
		}
	}
	return best
}

var nameFolder = strings.NewReplacer("_", "", "-", "")

func foldName(name string) string { return strings.ToLower(nameFolder.Replace(name)) }

// didYouMean is the hint that ends an error about a misspelt name: `, did you mean "authy_id"?` or "".
func didYouMean(name string, candidates []string) string {
	if near := Nearest(name, candidates); near != "" {
		return `, did you mean "` + near + `"?`
	}
	return ""
}
