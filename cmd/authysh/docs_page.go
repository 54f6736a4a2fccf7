package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authysh/authysh/luabind"
)

// book is what pages refer to.
type book struct {
	app    *app
	root   *cobra.Command
	topics []luabind.Topic

	modules []luabind.Module
}

// page is the documentation of a command, of a topic or of a module; the others are nil.
type page struct {
	*book
	cmd    *cobra.Command
	topic  *luabind.Topic
	module *luabind.Module
}

// title is "authysh user create", a topic's name, or "lua json".
func (p page) title() string {
	switch {
	case p.topic != nil:
		return p.topic.Name
	case p.module != nil:
		return moduleNote(p.module)
	}
	return p.cmd.CommandPath()
}

// name is that of the page's file, without its ending.
func (p page) name() string {
	switch {
	case p.topic != nil:
		return p.root.Name() + "-" + p.topic.Name
	case p.module != nil:
		return p.root.Name() + "-" + luaName + "-" + p.module.Name
	}
	return strings.ReplaceAll(p.cmd.CommandPath(), " ", "-")
}

func (p page) section() int {
	switch {
	case p.topic != nil:
		return 7
	case p.module != nil:
		return 3
	}
	return 1
}

func (p page) doc() string {
	switch {
	case p.topic != nil:
		return p.topic.Doc
	case p.module != nil:
		return p.module.Doc
	}
	return p.cmd.Short
}

// markdown writes the page. That for man begins with the title given, and differs in what man has words of its own for.
func (p page) markdown(forMan bool, title string) string {
	w := &pageWriter{page: p, forMan: forMan}
	w.b.WriteString(title)
	if forMan {
		w.heading("Name")
		w.b.WriteString(w.name() + " - " + escaped(strings.TrimPrefix(strings.TrimSuffix(p.doc(), "."), w.root.Name()+" ")) + "\n")
	} else {
		w.b.WriteString("# " + escaped(p.title()) + "\n\n" + escaped(p.doc()) + "\n")
	}
	switch {
	case p.topic != nil:
		w.writeTopic()
	case p.module != nil:
		w.writeModule()
	default:
		w.writeCommand()
	}
	return manyBlankLines().ReplaceAllString(w.b.String(), "\n\n")
}

// manyBlankLines are more than one: Markdown makes nothing of them.
var manyBlankLines = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\n{3,}`) })

// pageWriter writes one page.
type pageWriter struct {
	page
	b      strings.Builder
	forMan bool
}

func (w *pageWriter) heading(text string) {
	if w.forMan {
		w.b.WriteString("\n# " + strings.ToUpper(text) + "\n\n")
	} else {
		w.b.WriteString("\n## " + text + "\n\n")
	}
}

// item is a name and what it means. What man shows as a definition, Markdown on the web knows only as a list.
func (w *pageWriter) item(term, doc string) {
	switch {
	case w.forMan:
		w.b.WriteString(term + "\n: " + doc + "\n\n")
	case doc == "":
		w.b.WriteString("- " + term + "\n")
	default:
		w.b.WriteString("- " + term + ": " + doc + "\n")
	}
}

// reference leads to another page.
func (w *pageWriter) reference(p page) string {
	if w.forMan {
		return fmt.Sprintf("**%s**(%d)", p.name(), p.section())
	}
	return fmt.Sprintf("[%s](%s.md)", escaped(p.title()), p.name())
}

func (w *pageWriter) code(text string) {
	w.b.WriteString("```\n" + strings.Trim(text, "\n") + "\n```\n")
}

func (w *pageWriter) writeTopic() {
	w.heading("Description")
	w.prose(w.topic.Text)
	var about []page
	for _, p := range w.app.commandPages(w.root) {
		p.book = w.book
		for _, name := range w.app.seeAlso(p.cmd) {
			if name == w.topic.Name {
				about = append(about, p)
			}
		}
	}
	w.seeAlso(append([]page{{book: w.book, cmd: w.root}}, about...))
}

func (w *pageWriter) writeCommand() {
	w.heading("Synopsis")
	if w.cmd.HasParent() {
		w.code(w.cmd.UseLine())
	} else {
		var lines []string
		for _, s := range synopses {
			lines = append(lines, strings.TrimRight(fmt.Sprintf("%-38s%s", s[0], s[1]), " "))
		}
		w.code(strings.Join(lines, "\n"))
	}
	if w.cmd.Long != "" {
		w.heading("Description")
		w.prose(w.cmd.Long)
	}
	if leaf := w.app.leaves[w.cmd]; leaf != nil {
		w.arguments(leaf)
	}
	if below := shownCommands(w.cmd); len(below) > 0 {
		w.heading("Commands")
		for _, c := range below {
			w.item(w.reference(page{book: w.book, cmd: c}), escaped(c.Short))
		}
	}
	w.flags("Flags", w.cmd.NonInheritedFlags(), func(*pflag.Flag) bool { return true })
	w.globalFlags()
	if w.cmd.Example != "" {
		w.heading("Example")
		w.code(w.cmd.Example)
	}
	if !w.cmd.HasParent() {
		w.heading("Exit codes")
		for _, e := range exitCodes {
			w.item(fmt.Sprintf("`%d`", e.code), escaped(e.doc))
		}
	}
	w.references()
}

func (w *pageWriter) arguments(leaf *operationCommand) {
	entries := leaf.argumentEntries()
	if len(entries) == 0 {
		return
	}
	w.heading("Arguments")
	for _, e := range entries {
		w.item("`"+e[0]+"`", escaped(e[1]))
	}
}

// flags lists those that are shown, with their values where they have few.
func (w *pageWriter) flags(heading string, flags *pflag.FlagSet, wanted func(*pflag.Flag) bool) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || !wanted(f) {
			return
		}
		if heading != "" {
			w.heading(heading)
			heading = ""
		}
		arg, doc := pflag.UnquoteUsage(f)
		term := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			term = "`-" + f.Shorthand + "`, " + term
		}
		if arg != "" {
			term += " *" + escaped(arg) + "*"
		}
		w.item(term, escaped(doc))
	})
}

// globalFlags lists those that the command heeds, or says where they are listed.
func (w *pageWriter) globalFlags() {
	used, limited := w.cmd.Annotations[usesFlags]
	switch {
	case limited:
		names := strings.Fields(used)
		w.flags("Global flags", w.cmd.InheritedFlags(), func(f *pflag.Flag) bool {
			for _, name := range names {
				if name == f.Name {
					return true
				}
			}
			return false
		})
	case w.cmd.HasParent() && w.cmd.Runnable() && !w.cmd.HasAvailableSubCommands():
		w.heading("Global flags")
		w.b.WriteString("It takes the global flags, which " + w.reference(page{book: w.book, cmd: w.root}) + " lists.\n")
	}
}

// references leads to the command above, and to what the help points to. The page of the program leads to all topics.
func (w *pageWriter) references() {
	var pages []page
	if w.cmd.HasParent() {
		pages = append(pages, page{book: w.book, cmd: w.cmd.Parent()})
	}
	also := w.app.seeAlso(w.cmd)
	for i, t := range w.topics {
		for _, name := range also {
			if name == t.Name {
				pages = append(pages, page{book: w.book, topic: &w.topics[i]})
			}
		}
		if !w.cmd.HasParent() {
			pages = append(pages, page{book: w.book, topic: &w.topics[i]})
		}
	}
	for i, m := range w.modules {
		if !w.cmd.HasParent() || slices.Contains(also, moduleNote(&m)) || w.app.leaves[w.cmd] != nil && w.app.moduleOf(w.cmd) == m.Name {
			pages = append(pages, page{book: w.book, module: &w.modules[i]})
		}
	}
	w.seeAlso(pages)
}

func (w *pageWriter) seeAlso(pages []page) {
	if len(pages) == 0 {
		return
	}
	w.heading("See also")
	for i, p := range pages {
		if w.forMan {
			end := ","
			if i == len(pages)-1 {
				end = ""
			}
			w.b.WriteString(w.reference(p) + end + "\n")
			continue
		}
		doc := ""
		if p.cmd == nil {
			doc = escaped(p.doc())
		}
		w.item(w.reference(p), doc)
	}
}

// prose writes plain text as it is laid out for terminals: lines that are indented stay as they are, and others flow.
func (w *pageWriter) prose(text string) {
	var lines []string
	indented := false
	flush := func() {
		defer func() { lines = nil }()
		block := strings.Trim(strings.Join(lines, "\n"), "\n")
		switch {
		case block == "":
		case indented:
			w.code(unindented(block))
			w.b.WriteString("\n")
		default:
			for line := range strings.SplitSeq(block, "\n") {
				w.b.WriteString(escaped(line) + "\n")
			}
			w.b.WriteString("\n")
		}
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if line != "" && strings.HasPrefix(line, "  ") != indented {
			flush()
			indented = !indented
		}
		lines = append(lines, line)
	}
	flush()
}

// unindented drops the two columns by which listings are set off.
func unindented(block string) string {
	lines := strings.Split(block, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

// markdownSigns are those that mean something within a line; at its beginning, more do.
var (
	markdownSigns = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "<", `\<`, ">", `\>`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`, "|", `\|`, "&", `\&`, "~", `\~`)
	markdownStart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d*)([-+#:.])`) })
)

// escaped makes a line of plain text mean the same in Markdown.
func escaped(line string) string {
	return markdownStart().ReplaceAllString(markdownSigns.Replace(line), `$1\$2`)
}
