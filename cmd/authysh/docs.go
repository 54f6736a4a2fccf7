package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
)

// docsCommand is authysh docs: the help as pages for a website or for man.
func (a *app) docsCommand() *cobra.Command {
	parent := parentCommand("docs", "write the help as manual pages or as Markdown")
	for _, form := range docForms {
		var dir string
		cmd := &cobra.Command{
			Use:   form.name + " [command | topic | lua module]",
			Short: form.doc,
			Long: "Without a name it is the page of the program. With --dir all pages go into a\n" +
				"folder: one for each command, each topic of authysh help topics, and each module\n" +
				"that scripts or plugins have.",
			Example:           "  authysh docs " + form.name + " user create\n  authysh docs " + form.name + " lua json\n  authysh docs " + form.name + " --dir " + form.folder,
			Annotations:       map[string]string{usesFlags: ""},
			ValidArgsFunction: a.completeHelp,
			RunE: func(cmd *cobra.Command, args []string) error {
				written, err := form.writer(a)
				if err != nil {
					return err
				}
				if cmd.Flags().Changed("dir") {
					return a.writePages(cmd, written, dir, args)
				}
				p, err := a.pageFor(cmd.Root(), args)
				if err != nil {
					return err
				}
				_, err = a.out.Write(written.render(p))
				return err
			},
		}
		cmd.Flags().StringVar(&dir, "dir", "", "write all pages into this `dir`, which is made if need be")
		parent.AddCommand(cmd)
	}
	return parent
}

// docForm is a form of the pages.
type docForm struct {
	name, doc, folder string
	writer            func(a *app) (docWriter, error)
}

// docWriter makes the text and the file name of a page.
type docWriter struct {
	render func(page) []byte
	file   func(page) string
}

var docForms = []docForm{
	{"man", "print a manual page", "man", (*app).manWriter},
	{"markdown", "print a page in Markdown", "docs", func(*app) (docWriter, error) {
		return docWriter{func(p page) []byte { return []byte(p.markdown(false, "")) }, func(p page) string { return p.name() + ".md" }}, nil
	}},
}

// manWriter makes pages of sections 1, 3 and 7, from the Markdown. They have a date only if the environment gives one, so
// that two builds give the same bytes.
func (a *app) manWriter() (docWriter, error) {
	date := ""
	if epoch, _ := a.lookupEnv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return docWriter{}, &usageError{message: fmt.Sprintf("SOURCE_DATE_EPOCH must be seconds since 1970, got %q", wording.Clip(epoch))}
		}
		date = time.Unix(seconds, 0).UTC().Format(time.DateOnly)
	}
	render := func(p page) []byte {
		title := fmt.Sprintf("%% %q %q %q %q %q\n\n", strings.ToUpper(p.name()), strconv.Itoa(p.section()), date, "authysh "+thisBuild().Version, "authysh manual")
		return []byte(roff(p.markdown(true, title)))
	}
	return docWriter{render, func(p page) string { return p.name() + "." + strconv.Itoa(p.section()) }}, nil
}

// writePages writes all pages into a folder.
func (a *app) writePages(cmd *cobra.Command, written docWriter, dir string, args []string) error {
	switch {
	case dir == "":
		return &usageError{message: "--dir must not be empty"}
	case len(args) > 0:
		return &usageError{message: fmt.Sprintf("--dir writes all pages, so %q means nothing", wording.Clip(args[0])), hint: helpHint(cmd)}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &usageError{message: "cannot make the folder: " + err.Error()}
	}
	pages := a.allPages(cmd.Root())
	for _, p := range pages {
		if err := os.WriteFile(filepath.Join(dir, written.file(p)), written.render(p), 0o644); err != nil {
			return &usageError{message: "cannot write a page: " + err.Error()}
		}
	}
	_, err := fmt.Fprintf(a.err, "authysh: wrote %d pages to %s\n", len(pages), dir)
	return err
}

// allPages are those of all commands, from the program down, then those of the topics and those of the modules.
func (a *app) allPages(root *cobra.Command) []page {
	book := &book{app: a, root: root, topics: a.manual().Topics(), modules: a.modules()}
	pages := a.commandPages(root)
	for i := range pages {
		pages[i].book = book
	}
	for i := range book.topics {
		pages = append(pages, page{book: book, topic: &book.topics[i]})
	}
	for i := range book.modules {
		pages = append(pages, page{book: book, module: &book.modules[i]})
	}
	return pages
}

// modules are those that scripts have, and behind them those that only plugins have.
func (a *app) modules() []luabind.Module {
	return append(a.manual().Modules(), a.onlyInPlugins()...)
}

// onlyInPlugins are those that scripts lack.
func (a *app) onlyInPlugins() []luabind.Module {
	ofScripts := a.manual().Modules()
	return slices.DeleteFunc(luabind.PluginManual().Modules(), func(m luabind.Module) bool {
		return slices.ContainsFunc(ofScripts, func(known luabind.Module) bool { return known.Name == m.Name })
	})
}

// manualOf is the manual that describes a module.
func (a *app) manualOf(m *luabind.Module) *luabind.Manual {
	if slices.ContainsFunc(a.onlyInPlugins(), func(known luabind.Module) bool { return known.Name == m.Name }) {
		return luabind.PluginManual()
	}
	return a.manual()
}

// commandPages are those of all commands, without their book.
func (a *app) commandPages(root *cobra.Command) []page {
	var pages []page
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		pages = append(pages, page{cmd: cmd})
		for _, below := range shownCommands(cmd) {
			visit(below)
		}
	}
	visit(root)
	return pages
}

// pageFor finds the page of a command or a topic.
func (a *app) pageFor(root *cobra.Command, args []string) (page, error) {
	pages := a.allPages(root)
	wanted := strings.Join(append([]string{root.Name()}, args...), " ")
	if i := slices.IndexFunc(pages, func(p page) bool {
		return p.title() == wanted || p.module != nil && p.title() == strings.Join(args, " ")
	}); i >= 0 {
		return pages[i], nil
	}
	if len(args) > 0 && args[0] == luaName {
		var names []string
		for _, m := range a.modules() {
			names = append(names, m.Name)
		}
		wanted := strings.Join(args[1:], " ")
		return page{}, &usageError{message: fmt.Sprintf("there is no module %q%s", wording.Clip(wanted), wording.Suggest(wanted, names)), hint: "authysh help lua lists them"}
	}
	if len(args) == 1 {
		var names []string
		for _, p := range pages {
			names = append(names, strings.TrimPrefix(p.title(), root.Name()+" "))
			if p.topic != nil && p.topic.Name == args[0] || p.module != nil && p.module.Name == args[0] {
				return p, nil
			}
		}
		e := &usageError{message: fmt.Sprintf("there is neither a command, a topic nor a module %q", wording.Clip(args[0])), hint: "authysh help topics lists the topics"}
		if near := authy.Nearest(args[0], names); near != "" {
			e.message += fmt.Sprintf(", did you mean %q?", near)
		}
		return page{}, e
	}
	found := root
	for _, name := range args {
		next, err := subcommand(found, name)
		if err != nil {
			return page{}, err
		}
		found = next
	}
	return page{}, &usageError{message: fmt.Sprintf("authysh %s has no page", wording.Clip(strings.Join(args, " ")))}
}

// shownCommands are those below a command that --help lists.
func shownCommands(cmd *cobra.Command) []*cobra.Command {
	var shown []*cobra.Command
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			shown = append(shown, c)
		}
	}
	return shown
}
