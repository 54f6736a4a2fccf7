package main

import "strings"

// roff turns a page as pageWriter writes it for man into what man reads. It knows that much of Markdown and no more:
// headings, paragraphs, definitions, listings, and within a line code, bold, italic and escaped signs. A library for all of
// Markdown would add a millisecond to each start of the program.
func roff(markdown string) string {
	var b strings.Builder
	lines := strings.Split(markdown, "\n")
	listing, fresh := false, false // within a listing; at the start of a paragraph
	for i, line := range lines {
		next := ""
		if i+1 < len(lines) {
			next = lines[i+1]
		}
		sub, subheading := strings.CutPrefix(line, "## ")
		switch title, heading := strings.CutPrefix(line, "# "); {
		case line == "```":
			if listing = !listing; listing {
				b.WriteString(".PP\n.RS 4\n.nf\n")
			} else {
				b.WriteString(".fi\n.RE\n")
			}
			fresh = true
		case listing:
			b.WriteString(roffLine(roffText(line)) + "\n")
		case i == 0 && strings.HasPrefix(line, "% "):
			b.WriteString(".nh\n.TH " + line[2:] + "\n")
		case heading:
			b.WriteString(".SH " + roffInline(title) + "\n")
			fresh = false
		case subheading:
			b.WriteString(".SS " + roffInline(sub) + "\n")
			fresh = false
		case strings.HasPrefix(line, ": "):
			b.WriteString(roffLine(roffInline(line[2:])) + "\n")
			fresh = true
		case strings.HasPrefix(next, ": "):
			b.WriteString(".TP\n" + roffLine(roffInline(line)) + "\n")
		case line == "":
			fresh = true
		default:
			if fresh && i > 0 && !strings.HasPrefix(lines[i-1], "# ") && !strings.HasPrefix(lines[max(i-2, 0)], "# ") {
				b.WriteString(".PP\n")
			}
			b.WriteString(roffLine(roffInline(line)) + "\n")
			fresh = false
		}
	}
	return b.String()
}

// roffInline is a line of Markdown whose fonts change within.
func roffInline(line string) string {
	var b strings.Builder
	fonts := map[string]string{"`": `\fB`, "**": `\fB`, "*": `\fI`}
	open := ""
	for len(line) > 0 {
		sign := line[:1]
		if strings.HasPrefix(line, "**") {
			sign = "**"
		}
		switch {
		case line[0] == '\\' && len(line) > 1 && open != "`":
			b.WriteString(roffText(line[1:2]))
			line = line[2:]
			continue
		case fonts[sign] == "" || open != "" && open != sign:
			b.WriteString(roffText(sign))
		case open == sign:
			b.WriteString(`\fP`)
			open = ""
		default:
			b.WriteString(fonts[sign])
			open = sign
		}
		line = line[len(sign):]
	}
	return b.String()
}

// roffText makes plain text mean itself. A dash is one that can be copied into a shell: roff takes a bare one for a
// hyphen, which is another character.
func roffText(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
}

// roffLine keeps a line of text from being taken for a request.
func roffLine(line string) string {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		return `\&` + line
	}
	return line
}
