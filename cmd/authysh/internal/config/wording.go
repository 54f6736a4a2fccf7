package config

import (
	"fmt"
	"strings"

	"github.com/authysh/authysh/authy"
)

// suggest ends an error about an unknown name: `, did you mean "json"?` or nothing.
func suggest(name string, known []string) string {
	if near := authy.Nearest(name, known); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}

// clip keeps an error to one short line.
func clip(text string) string {
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:60], "") + "..."
	}
	return text
}
