package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/receiver"
)

// The columns of what is shown of a delivery: the time, what is told of, and that.
const (
	shownTime  = 8 + 2
	shownName  = 8 + 2
	shownWidth = 80
)

// writeDelivery shows a delivery to a person: what was answered first, the rest below it.
func writeDelivery(w io.Writer, d *receiver.Delivery, colored bool) {
	when := d.Received.Format("15:04:05")
	if d.Callback != nil {
		writeCallback(w, when, d.Callback, colored)
		return
	}
	for _, event := range d.Webhook.Events {
		fmt.Fprintf(w, "%s  event     %s\n", when, colour(visible(event.Event), "1", colored))
		writeShown(w, "webhook", d.Webhook.WebhookID)
		for _, name := range slices.Sorted(maps.Keys(event.Objects)) {
			writeShown(w, name, fieldsIn(event.Objects[name]))
		}
	}
}

func writeCallback(w io.Writer, when string, c *authy.Callback, colored bool) {
	code := "31"
	if c.Approved() {
		code = "32"
	}
	var asked authy.CallbackTransaction
	if c.ApprovalRequest != nil {
		asked = c.ApprovalRequest.Transaction
	}
	status := colour(visible(c.Status), "1;"+code, colored) + strings.Repeat(" ", max(0, shownName-2-len(c.Status)))
	fmt.Fprintf(w, "%s  %s  %s\n", when, status, strings.Join(wrapWords(cmp.Or(asked.Message, "(no message)")), "\n"+strings.Repeat(" ", shownTime+shownName)))
	writeShown(w, "request", c.UUID)
	user := string(c.AuthyID)
	if on := c.Device; on != nil {
		var place []string
		for _, part := range []string{on.City, on.Country} {
			if part != "" {
				place = append(place, part)
			}
		}
		for _, more := range []string{on.OSType, strings.Join(place, ", "), on.IP} {
			if more != "" {
				user += " · " + more
			}
		}
	}
	writeShown(w, "user", user)
	writeShown(w, "details", fieldsIn(asked.Details))
	writeShown(w, "hidden", fieldsIn(asked.HiddenDetails))
	writeShown(w, "reason", asked.Reason)
	if asked.Flagged {
		writeShown(w, "flagged", "the user says that somebody else asked")
	}
}

// writeShown writes one line, or several, if there is anything to tell.
func writeShown(w io.Writer, name, text string) {
	if text == "" {
		return
	}
	for i, line := range wrapWords(text) {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(w, "%*s%-*s%s\n", shownTime, "", shownName, visible(name), line)
	}
}

// fieldsIn are the fields of an object in the order of their names: "location = Lisbon, username = ana".
func fieldsIn(object map[string]any) string {
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		fields = append(fields, fmt.Sprintf("%s = %v", name, object[name]))
	}
	return strings.Join(fields, ", ")
}

// wrapWords breaks a text at blanks, and only there: what is copied should stay whole.
func wrapWords(text string) []string {
	const width = shownWidth - shownTime - shownName
	var lines []string
	line := ""
	for _, word := range strings.Fields(visible(text)) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

// visible is a text without what could move the cursor or change the colours of a terminal: others wrote it.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return '·'
	}, text)
}

func colour(text, code string, colored bool) string {
	if !colored {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
