package repl

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxHeldTexts bounds the texts that wait behind placeholders.
const maxHeldTexts = 100

// heldTexts are texts too tall for the screen. The line shows a short placeholder for each, such as
// "«paste 1: 302 lines»", which is replaced by the text when the line is entered. The zero value is empty.
type heldTexts struct {
	names []string          // oldest first
	texts map[string]string // by name
	count int
}

// hold returns the placeholder for a text, the same one for the same text.
func (h *heldTexts) hold(text, kind string) string {
	for _, name := range h.names {
		if h.texts[name] == text && strings.HasPrefix(name, "«"+kind+" ") {
			return name
		}
	}
	h.count++
	size := fmt.Sprintf("%d lines", strings.Count(strings.TrimRight(text, "\n"), "\n")+1)
	if !strings.Contains(strings.TrimRight(text, "\n"), "\n") {
		size = fmt.Sprintf("%d characters", utf8.RuneCountInString(text))
	}
	name := fmt.Sprintf("«%s %d: %s»", kind, h.count, size)
	if h.texts == nil {
		h.texts = map[string]string{}
	}
	h.texts[name] = text
	h.names = append(h.names, name)
	if len(h.names) > maxHeldTexts {
		delete(h.texts, h.names[0])
		h.names = slices.Delete(h.names, 0, 1)
	}
	return name
}

// expand replaces the placeholders in a line. What a text holds is not looked into again.
func (h *heldTexts) expand(line string) string {
	if len(h.names) == 0 {
		return line
	}
	pairs := make([]string, 0, 2*len(h.names))
	for _, name := range h.names {
		pairs = append(pairs, name, h.texts[name])
	}
	return strings.NewReplacer(pairs...).Replace(line)
}
