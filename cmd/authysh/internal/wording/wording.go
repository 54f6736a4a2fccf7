// Package wording has the turns that errors of the program share.
package wording

import (
	"fmt"
	"strings"

	"github.com/authysh/authysh/authy"
)

// Suggest ends an error about an unknown name: `, did you mean "json"?` or nothing.
func Suggest(name string, known []string) string {
	if near := authy.Nearest(name, known); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}

// Clip keeps an error to one short line.
func Clip(text string) string {
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:60], "") + "..."
	}
	return text
}

// Address is a URL as an error shows it: short, and without its query, which may hold a secret.
func Address(url string) string {
	shown, _, _ := strings.Cut(url, "?")
	return Clip(shown)
}
