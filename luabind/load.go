package luabind

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// maxSyntaxLevels is how deep expressions and blocks may nest: LUAI_MAXCCALLS of Lua 5.1. The compiler recurses into
// them, and a Go stack that overflows ends the process.
const maxSyntaxLevels = 200

// compileSource turns Lua text into a function of L; name stands in its error messages. The error is a [*ScriptError].
func compileSource(L *lua.LState, source, name string) (*lua.LFunction, error) {
	proto, err := compileText(sourceText(source), name)
	if err != nil {
		return nil, err
	}
	return L.NewFunctionFromProto(proto), nil
}

// sourceText is the source without what may stand before the first line of Lua: a byte order mark, a line for the shell.
func sourceText(source string) string {
	source = strings.TrimPrefix(source, "\ufeff")
	if strings.HasPrefix(source, "#") {
		source = "--" + source
	}
	return source
}

// compileText parses and compiles a plain text. The error is a [*ScriptError].
func compileText(text, name string) (*lua.FunctionProto, error) {
	if err := refuseBinary(text, name); err != nil {
		return nil, err
	}
	statements, err := parseSource(text, name)
	if err != nil {
		return nil, syntaxError(text, name, err)
	}
	proto, err := lua51.Compile(statements, name)
	if err != nil {
		return nil, syntaxError(text, name, err)
	}
	return proto, nil
}

// refuseBinary is an error for what is no source text.
func refuseBinary(text, name string) error {
	if !strings.HasPrefix(text, "\x1bLua") && !strings.ContainsRune(text, 0) {
		return nil
	}
	return &ScriptError{
		Where: name, Syntax: true, Message: "is not Lua source text but a binary file", Value: lua.LNil, line: 1, column: 1,
	}
}

// parseSource is the parser with what the compiler needs to be spared: trees that nest too deep are an error, and
// tables are mended. It keeps a stack of its own.
func parseSource(source, name string) ([]ast.Stmt, error) {
	statements, err := parse.Parse(strings.NewReader(source), name)
	if err != nil {
		return nil, err
	}
	if line := prepareTree(statements); line > 0 {
		message := fmt.Sprintf("more than %d levels of nesting", maxSyntaxLevels)
		return nil, &parse.Error{Pos: ast.Position{Source: name, Line: line}, Message: message}
	}
	return statements, nil
}

// oneValue makes { 1, key = f() } take one value of f: gopher-lua's compiler would append all of them to the list.
func oneValue(table *ast.TableExpr) {
	for _, field := range table.Fields {
		if field.Key == nil {
			continue
		}
		switch value := field.Value.(type) {
		case *ast.FuncCallExpr:
			value.AdjustRet = true
		case *ast.Comma3Expr:
			value.AdjustRet = true
		}
	}
}

// prepareTree mends the tables of a tree, and returns the line where nodes nest too deep; 0 when none do.
//
// A chain such as a .. b .. c or a(b)(c), whose tree is deep although nothing in the text is nested, counts like any
// other: the compiler recurses into it all the same. The levels of the tree are about three for one of the text.
func prepareTree(statements []ast.Stmt) int {
	const maxDepth = 16 * maxSyntaxLevels
	type visit struct {
		value reflect.Value
		depth int
		line  int
	}
	stack := []visit{{reflect.ValueOf(statements), 0, 1}}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for v.value.Kind() == reflect.Interface || v.value.Kind() == reflect.Pointer {
			if v.value.IsNil() {
				break
			}
			if table, ok := v.value.Interface().(*ast.TableExpr); ok {
				oneValue(table)
			}
			if node, ok := v.value.Interface().(ast.PositionHolder); ok {
				v.depth++
				v.line = max(v.line, node.Line())
			}
			v.value = v.value.Elem()
		}
		if v.depth > maxDepth {
			return v.line
		}
		switch v.value.Kind() {
		case reflect.Slice:
			for i := range v.value.Len() {
				stack = append(stack, visit{v.value.Index(i), v.depth, v.line})
			}
		case reflect.Struct:
			for i := range v.value.NumField() {
				if v.value.Type().Field(i).IsExported() {
					stack = append(stack, visit{v.value.Field(i), v.depth, v.line})
				}
			}
		}
	}
	return 0
}

// installLoaders replaces the functions that compile Lua text, so that all of it has the errors and the limits of a
// main script: load, loadstring, loadfile, dofile, and require's search in package.path.
func installLoaders(L *lua.LState, h *Host) {
	for name, f := range map[string]lua.LGFunction{
		"load": loadFunction, "loadstring": loadString,
		"loadfile": func(L *lua.LState) int { return loadFile(L, h) },
		"dofile":   func(L *lua.LState) int { return doFile(L, h) },
	} {
		L.SetGlobal(name, L.NewFunction(f))
	}
	library, ok := L.GetGlobal("package").(*lua.LTable)
	if !ok {
		return
	}
	if loaders, ok := library.RawGetString("loaders").(*lua.LTable); ok {
		search := requireFile
		if h.files != nil {
			search = h.requireEmbedded
		}
		loaders.RawSetInt(2, L.NewFunction(search)) // the first one looks into package.preload
	}
}

// loaded answers as load does: the function, or nil and the message.
func loaded(L *lua.LState, source, name string) int {
	chunk, err := compileSource(L, source, chunkName(name))
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	L.Push(chunk)
	return 1
}

// chunkName is what stands in messages for a name as load takes it: "@file" and "=title" without their mark, the first
// line of anything else.
func chunkName(name string) string {
	if name != "" && (name[0] == '@' || name[0] == '=') {
		return name[1:]
	}
	const most = 60
	line, rest, _ := strings.Cut(name, "\n")
	if len(line) > most || rest != "" {
		line = line[:min(len(line), most)] + "..."
	}
	return `[string "` + line + `"]`
}

func loadString(L *lua.LState) int {
	source := L.CheckString(1)
	return loaded(L, source, L.OptString(2, source))
}

// loadFunction is load(f): f gives the source in pieces.
func loadFunction(L *lua.LState) int {
	reader := L.CheckFunction(1)
	name := L.OptString(2, "=(load)")
	var source strings.Builder
	for {
		L.Push(reader)
		L.Call(0, 1)
		piece := L.Get(-1)
		L.Pop(1)
		text, ok := piece.(lua.LString)
		switch {
		case piece == lua.LNil || ok && text == "":
			return loaded(L, source.String(), name)
		case !ok:
			L.RaiseError("reader function must return a string, not %s", luavalue.TypeName(piece))
		}
		source.WriteString(string(text))
	}
}

// readSource is the text of a file, or of standard input for no name.
func readSource(L *lua.LState, h *Host) (source, name string, err error) {
	if L.GetTop() < 1 || L.Get(1) == lua.LNil {
		text, err := io.ReadAll(bufio.NewReader(h.Stdin))
		return string(text), "stdin", err
	}
	script, err := ReadScript(L.CheckString(1))
	return script.Source, script.Name, err
}

func loadFile(L *lua.LState, h *Host) int {
	source, name, err := readSource(L, h)
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	return loaded(L, source, "@"+name)
}

func doFile(L *lua.LState, h *Host) int {
	source, name, err := readSource(L, h)
	if err != nil {
		L.RaiseError("%v", err)
	}
	chunk, err := compileSource(L, source, name)
	if err != nil {
		L.Error(lua.LString(err.Error()), 0)
	}
	top := L.GetTop()
	L.Push(chunk)
	L.Call(0, lua.MultRet)
	return L.GetTop() - top
}

// requireFile is require's search for a Lua file: it gives the chunk, or a text that says where it looked.
func requireFile(L *lua.LState) int {
	name := L.CheckString(1)
	paths, ok := L.GetField(L.GetGlobal("package"), "path").(lua.LString)
	if !ok {
		L.RaiseError("package.path must be a string")
	}
	var looked strings.Builder
	for _, pattern := range strings.Split(string(paths), ";") {
		path := strings.ReplaceAll(pattern, "?", strings.ReplaceAll(name, ".", string(os.PathSeparator)))
		script, err := ReadScript(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			fmt.Fprintf(&looked, "\n\tno file '%s'", path)
			continue
		case err != nil:
			L.RaiseError("cannot load module %s: %v", name, err)
		}
		chunk, err := compileSource(L, script.Source, script.Name)
		if err != nil {
			L.Error(lua.LString(err.Error()), 0)
		}
		L.Push(chunk)
		return 1
	}
	L.Push(lua.LString(strings.TrimPrefix(looked.String(), "\n\t")))
	return 1
}
