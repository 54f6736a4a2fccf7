package repl

import (
	"fmt"
	"slices"
	"strings"
)

// narrow is the width under which the prompt has no room for words.
const narrow = 40

// question is the next line to be asked for.
func (sh *shell) question() question {
	text, paint := sh.prompt()
	q := question{Prompt: text, PaintPrompt: paint, Live: sh.prompt, Complete: sh.complete, History: slices.Clone(sh.history.entries)}
	if sh.paint.on {
		q.Paint = sh.paint.input
	}
	if sh.pending != "" {
		q.Initial = indentFor(sh.pending)
		if sh.paint.on {
			q.Paint = sh.paint.lua
		}
	}
	return q
}

// prompt is what stands in front of the line, and its colours.
func (sh *shell) prompt() (text string, paint func(string) string) {
	p := Prompt{Text: "lua"}
	if sh.options.Prompt != nil {
		p = sh.options.Prompt()
	}
	if p.Sign == "" {
		p.Sign = ">"
	}
	columns, _ := sh.console.size()
	parts := sh.promptParts(p, columns < narrow)
	for _, part := range parts {
		text += part.text
	}
	if sh.pending != "" {
		text = continuation(widthOf(text))
		return text, sh.paint.dim
	}
	return text, func(given string) string {
		if given != text {
			return sh.paint.text(given, parts[0].in)
		}
		var b strings.Builder
		for _, part := range parts {
			b.WriteString(sh.paint.text(part.text, part.in))
		}
		return b.String()
	}
}

// part is a piece of the prompt in one style.
type part struct {
	text string
	in   style
}

func (sh *shell) promptParts(p Prompt, short bool) []part {
	in := styleGood
	if p.Alert {
		in = styleAlert
	}
	var parts []part
	if !short {
		parts = append(parts, part{inOneLine(p.Text), in})
	}
	if sh.options.Running != nil {
		if n := sh.options.Running(); n > 0 {
			parts = append(parts, part{fmt.Sprintf("[%d]", n), styleNotice})
		}
	}
	if sh.failed {
		mark := sh.errorMark()
		if len(parts) > 0 {
			mark = " " + mark
		}
		parts = append(parts, part{mark, styleError})
	}
	return append(parts, part{inOneLine(p.Sign) + " ", in})
}

// errorMark stands in the prompt after an error. Not every terminal can show the nicer one.
func (sh *shell) errorMark() string {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(sh.getenv(name)); strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8") {
			return "✗"
		} else if locale != "" {
			break
		}
	}
	return "x"
}

// continuation is the prompt of further lines of a chunk: as wide as the first one, so that the lines stand below each
// other, and different from it.
func continuation(width int) string {
	const dots = "... "
	if width < len(dots) {
		return dots[len(dots)-max(2, width):]
	}
	return strings.Repeat(" ", width-len(dots)) + dots
}

func inOneLine(text string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(printable(text))
}
