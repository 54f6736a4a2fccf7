package luabind

import (
	"github.com/authysh/authysh/luabind/internal/inspect"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// PrintOptions say how values become text. A zero field means its default, a negative limit none.
type PrintOptions struct {
	// Width is how many columns a line should have at most. Default 80.
	Width int
	// Depth is how deep tables are shown inside each other. Default 8.
	Depth int
	// Items is how many elements of one table are shown. Default 50.
	Items int
	// Total is how many values are shown altogether. Default 2000.
	Total int
	// Text is how many bytes of a string are shown. Default 2000.
	Text int
	// Unmask shows the secrets and codes inside tables.
	Unmask bool
	// Plain leaves out the comments that explain times and lengths of time.
	Plain bool
}

// Print gives the text of Lua values as Lua that can be pasted back: keys bare where that is possible, what cannot be
// written as Lua (functions, userdata) as nil with a comment, limits and cycles as comments. It runs no Lua code and
// takes bounded time. The values' state must not run meanwhile.
func Print(options PrintOptions, values ...lua.LValue) string {
	return newPrinter(options).Lua(values)
}

// newPrinter is a printer that knows the values of this package.
func newPrinter(o PrintOptions) *inspect.Printer {
	p := inspect.New(inspect.Options(o))
	p.IsModule = isModule
	p.Opaque = func(t *lua.LTable) string {
		if luavalue.MetaName(t.Metatable) != clientType {
			return ""
		}
		return clientType + ", with the functions of authy as methods"
	}
	return p
}

// Format is a form in which a session shows values.
type Format string

// The forms of values.
const (
	// FormatLua is Lua that can be pasted back, aligned and with limits.
	FormatLua Format = "lua"
	// FormatTable is columns with a header for lists of records, name and value for a record, and FormatLua for all else.
	// Records inside a record are columns too, "user.id". It shows many rows, and keeps to the width: it cuts what is too
	// wide, and where the columns have no room at all, it writes each record for itself.
	FormatTable Format = "table"
	// FormatJSON is JSON with indentation, whole and without limits.
	FormatJSON Format = "json"
	// FormatRaw is what Lua's print would write, without limits.
	FormatRaw Format = "raw"
)

// Formats lists the forms of values, the default first.
func Formats() []Format { return []Format{FormatLua, FormatTable, FormatJSON, FormatRaw} }

// write is the text of values in a form. What JSON cannot hold is written as Lua.
func (f Format) write(p *inspect.Printer, values []lua.LValue) string {
	switch f {
	case FormatJSON:
		return p.JSON(values)
	case FormatRaw:
		return p.Raw(values)
	case FormatTable:
		return p.Table(values)
	}
	return p.Lua(values)
}
