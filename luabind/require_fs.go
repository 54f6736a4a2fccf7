package luabind

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Files makes require find Lua modules in files, such as an [embed.FS], and nowhere else: require "rules.login" takes
// rules/login.lua, or rules/login/init.lua. By default it looks on the disk, beside the script.
//
// It is about require alone; scripts open other files as before.
func Files(files fs.FS) Option {
	return func(rt *Runtime) error {
		if files == nil {
			return errors.New("luabind: Files was given no file system")
		}
		rt.host.files = files
		return nil
	}
}

// requireEmbedded is requireFile in the file system of the host.
func (h *Host) requireEmbedded(L *lua.LState) int {
	name := L.CheckString(1)
	base := strings.ReplaceAll(name, ".", "/")
	var looked strings.Builder
	for _, path := range []string{base + ".lua", base + "/init.lua"} {
		if !fs.ValidPath(path) {
			L.RaiseError("cannot load module %q: names have parts with dots between them, as in \"rules.login\"", name)
		}
		text, err := fs.ReadFile(h.files, path)
		if errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(&looked, "\n\tno file '%s' among the files of the program", path)
			continue
		}
		if err != nil {
			L.RaiseError("cannot load module %s: %v", name, err)
		}
		chunk, err := compileSource(L, string(text), path)
		if err != nil {
			L.Error(lua.LString(err.Error()), 0)
		}
		L.Push(chunk)
		return 1
	}
	L.Push(lua.LString(strings.TrimPrefix(looked.String(), "\n\t")))
	return 1
}
