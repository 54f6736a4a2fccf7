package luabind

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

// maxEntries bounds how much of a folder is read for completion.
const maxEntries = 2000

// fileOffers are the files and folders that a path which was begun may go on with.
func fileOffers(typed string) []offer {
	dir, _ := filepath.Split(typed)
	hidden := strings.HasPrefix(typed[len(dir):], ".")
	var offers []offer
	for _, entry := range entriesOf(dir) {
		name := entry.Name()
		if strings.HasPrefix(name, ".") != hidden || strings.ContainsFunc(name, luatext.IsUnprintable) || strings.ContainsAny(name, `"'\`) {
			continue
		}
		if entry.IsDir() {
			offers = append(offers, offer{text: dir + name + "/", note: "folder"})
		} else {
			offers = append(offers, offer{text: dir + name, note: "file"})
		}
	}
	return offers
}

// entriesOf are the first entries of a folder; none when it cannot be read.
func entriesOf(dir string) []os.DirEntry {
	if dir == "" {
		dir = "."
	}
	folder, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer folder.Close()
	entries, _ := folder.ReadDir(maxEntries) // some are better than none
	return entries
}

// moduleNames are what require may be given: modules that are loaded or known, and Lua files in the search path.
func (c *completer) moduleNames(typed string) []offer {
	var offers []offer
	globals := c.s.rt.state.G.Global
	for _, place := range []string{"package.loaded", "package.preload"} {
		known, ok := rawPath(globals, place).(*lua.LTable)
		if !ok {
			continue
		}
		known.ForEach(func(k, _ lua.LValue) {
			if name, isText := k.(lua.LString); isText && name != "_G" {
				offers = append(offers, offer{text: string(name), note: c.s.manual.docOf(string(name))})
			}
		})
	}
	parent, _, _ := cutLast(typed, ".")
	if parent != "" {
		parent += "."
	}
	if files := c.s.rt.host.files; files != nil {
		return append(offers, embeddedNames(files, parent)...)
	}
	templates, _ := rawPath(globals, "package.path").(lua.LString)
	for _, template := range strings.Split(string(templates), ";") {
		before, after, ok := strings.Cut(template, "?")
		if !ok || strings.Contains(after, "?") {
			continue
		}
		for _, entry := range entriesOf(before + strings.ReplaceAll(parent, ".", "/")) {
			name := entry.Name()
			if folder, inner, deeper := strings.Cut(after, "/"); deeper && folder == "" && entry.IsDir() {
				if _, err := os.Stat(before + strings.ReplaceAll(parent, ".", "/") + name + "/" + inner); err == nil {
					offers = append(offers, offer{text: parent + name, note: "folder"})
				}
			} else if stem, isLua := strings.CutSuffix(name, after); isLua && stem != "" && !deeper && !strings.Contains(stem, ".") {
				offers = append(offers, offer{text: parent + stem, note: "file"})
			}
		}
	}
	return offers
}

// embeddedNames are the modules of one folder in the file system of the host.
func embeddedNames(files fs.FS, parent string) []offer {
	dir := path.Clean(strings.ReplaceAll(parent, ".", "/"))
	if !fs.ValidPath(dir) {
		return nil
	}
	entries, _ := fs.ReadDir(files, dir) // some are better than none
	var offers []offer
	for _, entry := range entries[:min(len(entries), maxEntries)] {
		stem, isLua := strings.CutSuffix(entry.Name(), ".lua")
		switch {
		case entry.IsDir():
			if _, err := fs.Stat(files, path.Join(dir, entry.Name(), "init.lua")); err == nil {
				offers = append(offers, offer{text: parent + entry.Name(), note: "folder"})
			}
		case isLua && stem != "" && !strings.Contains(stem, "."):
			offers = append(offers, offer{text: parent + stem, note: "file"})
		}
	}
	return offers
}

// cutLast cuts a text at the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return "", text, false
	}
	return text[:i], text[i+len(separator):], true
}
