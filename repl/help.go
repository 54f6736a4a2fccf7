package repl

import (
	"fmt"
	"strings"
)

// help shows the explanation of a topic, or that there is none.
func (sh *shell) help(topic string) error {
	text, near, ok := sh.explain(topic)
	if !ok {
		reason := fmt.Sprintf("there is no help for %q", topic)
		if near != "" {
			reason += fmt.Sprintf(", did you mean %q?", near)
		}
		return &commandError{reason: reason, remedy: ".help lists the commands, and what else can be explained"}
	}
	return sh.page(printable(text), false)
}

// explain finds the explanation of a topic: the list of commands for none, a command, or what the session knows.
func (sh *shell) explain(topic string) (text, near string, ok bool) {
	if topic == "" {
		return sh.overview(), "", true
	}
	if command := sh.find(strings.TrimPrefix(topic, ".")); command != nil && strings.HasPrefix(topic, ".") {
		return command.usage() + "\n\n  " + command.Doc + "\n", "", true
	}
	text, near, ok = sh.session.Help(topic)
	if ok || near != "" {
		return text, near, ok
	}
	if command := sh.find(topic); command != nil {
		return sh.explain("." + topic)
	}
	if near = nearest(topic, sh.commandNames()); near == "" {
		near = nearest("."+topic, sh.commandNames())
	}
	return "", near, false
}

// overview lists the commands, then what the session says of itself.
func (sh *shell) overview() string {
	width := 0
	for _, c := range sh.table {
		width = max(width, widthOf(c.usage()))
	}
	columns, _ := sh.console.size()
	left := width + 4
	if columns < 2*left {
		left = 6
	}
	var b strings.Builder
	b.WriteString("Commands\n\n")
	for _, c := range sh.table {
		usage := fmt.Sprintf("  %-*s  ", width, c.usage())
		if left < width {
			usage = fmt.Sprintf("  %s\n%*s", c.usage(), left, "")
		}
		b.WriteString(usage + strings.Join(wrap(c.Doc, columns-left), "\n"+strings.Repeat(" ", left)) + "\n")
	}
	notes := "?name or name? explains a name. What is typed runs at once; Ctrl-C stops it, Ctrl-D leaves."
	b.WriteString("\n" + strings.Join(wrap(notes, columns), "\n") + "\n")
	if text, _, ok := sh.session.Help(""); ok && text != "" {
		b.WriteString("\n" + withLineEnd(text))
	}
	return b.String()
}
