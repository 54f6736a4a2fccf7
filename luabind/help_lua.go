package luabind

import (
	"strings"
	"sync"
)

// baseLibrary is the library whose functions are globals.
const baseLibrary = "lua"

// fileLibrary is the type of files; its functions are methods.
const fileLibrary = "file"

// luaText describes Lua's own libraries: a line "name: doc" begins a library, "function(parameters): doc" is one of its
// functions, and "name = type: doc" one of its values. A parameter in brackets may be left out.
const luaText = `
lua: The basic functions of Lua 5.1.
_G = table: The globals.
_GOPHER_LUA_VERSION = string: The version of the interpreter.
_VERSION = string: The version of Lua.
arg = table: The arguments of the script; arg[0] is its name.
assert(v, [message]): Raises message if v is false or nil, else gives its arguments.
collectgarbage([what], [argument]): Runs the garbage collector, or counts memory in KiB.
dofile(path): Runs a file and gives what it returns.
error(message, [level]): Raises an error, which may be any value.
getfenv([f]): Gives the environment of a function.
getmetatable(value): Gives the metatable of a value, or what hides it.
ipairs(list): Goes through 1 to n: for i, v in ipairs(list) do ... end.
load(f, [name]): Compiles what a function gives piece by piece.
loadfile(path): Compiles a file without running it.
loadstring(text, [name]): Compiles a text; gives a function, or nil and the error.
module(name, ...): Begins a module, in the way of Lua 5.1.
newproxy([metatable]): Makes an empty userdata.
next(table, [key]): Gives the entry that follows a key.
pairs(table): Goes through all entries: for k, v in pairs(t) do ... end.
pcall(f, ...): Calls f; gives true and its results, or false and the error.
print(...): Writes its arguments as tostring shows them.
rawequal(a, b): Compares without metamethods.
rawget(table, key): Reads a field without metamethods.
rawset(table, key, value): Sets a field without metamethods.
require(name): Loads a module once, and gives it.
select(n, ...): Gives the arguments from the nth on; "#" counts them.
setfenv(f, table): Sets the environment of a function.
setmetatable(table, metatable): Sets or removes the metatable of a table.
tonumber(value, [base]): Gives a number, or nil when the value is none.
tostring(value): Gives the text of any value.
type(value): Gives the name of a value's type.
unpack(list, [from], [to]): Gives the elements of a list as separate values.
xpcall(f, handler, ...): Calls f; handler turns an error into what is given back.
string: Texts: find, cut, replace, format.
byte(text, [from], [to]): Gives the codes of bytes.
char(...): Makes a text of the codes of bytes.
dump(f): Is not supported.
find(text, pattern, [from], [plain]): Gives where a pattern begins and ends, and its captures.
format(format, ...): Writes values into a format such as "%5.1f" or "%q".
gfind(text, pattern): Is the old name of gmatch.
gmatch(text, pattern): Goes through all matches of a pattern.
gsub(text, pattern, replacement, [most]): Replaces matches by a text, a table's fields or a function's results.
len(text): Counts bytes.
lower(text): Makes capitals small.
match(text, pattern, [from]): Gives the captures of the first match, or the match.
rep(text, n): Repeats a text.
reverse(text): Turns a text around.
sub(text, from, [to]): Cuts a part out; negative positions count from the end.
upper(text): Makes letters capital.
table: Lists: insert, remove, sort, join.
concat(list, [separator], [from], [to]): Joins texts and numbers.
getn(list): Is the old form of #list.
insert(list, [position], value): Adds an element, at the end when no position is given.
maxn(table): Gives the largest number that is a key.
remove(list, [position]): Takes an element out, the last when no position is given.
sort(list, [less]): Sorts in place.
math: Mathematics.
huge = number: Larger than any other number.
pi = number: The ratio of a circle's circumference to its diameter.
abs(x): Gives x without its sign.
acos(x): Arc cosine, in radians.
asin(x): Arc sine, in radians.
atan(x): Arc tangent, in radians.
atan2(y, x): Angle of a point, in radians.
ceil(x): Rounds up.
cos(x): Cosine of radians.
cosh(x): Hyperbolic cosine.
deg(x): Turns radians into degrees.
exp(x): Gives e to the power of x.
floor(x): Rounds down.
fmod(x, y): Gives the rest of a division, with the sign of x.
frexp(x): Takes a number apart into fraction and power of 2.
ldexp(m, e): Gives m times 2 to the power of e.
log(x): Natural logarithm.
log10(x): Logarithm to base 10.
max(x, ...): Gives the largest argument.
min(x, ...): Gives the smallest argument.
mod(x, y): Is the old name of fmod.
modf(x): Gives whole part and fraction.
pow(x, y): Gives x to the power of y.
rad(x): Turns degrees into radians.
random([m], [n]): Gives a random number: below 1, from 1 to m, or from m to n.
randomseed(x): Begins the row of random numbers that belongs to x.
sin(x): Sine of radians.
sinh(x): Hyperbolic sine.
sqrt(x): Square root.
tan(x): Tangent of radians.
tanh(x): Hyperbolic tangent.
io: Files and standard streams.
stderr = file: Standard error.
stdin = file: Standard input.
stdout = file: Standard output.
close([file]): Closes a file, or the default output.
flush(): Writes out what the default output holds.
input([file]): Gives or sets where io.read reads.
lines([path]): Goes through the lines of a file.
open(path, [mode]): Opens a file: "r", "w", "a", also with "+" or "b"; nil and a reason on failure.
output([file]): Gives or sets where io.write writes.
popen(command, [mode]): Starts a program to read from or write to.
read(...): Reads "*l" a line, "*n" a number, "*a" all, or a count of bytes.
tmpfile(): Opens a temporary file.
type(value): Gives "file", "closed file" or nil.
write(...): Writes texts and numbers as they are.
file: A file that is open, or a standard stream.
close(): Closes the file.
flush(): Writes out what is held back.
lines(): Goes through the lines of the file.
read(...): Reads "*l" a line, "*n" a number, "*a" all, or a count of bytes.
seek([whence], [offset]): Gives or sets the place in the file: "set", "cur" or "end".
setvbuf(mode, [size]): Sets what is held back: "no", "full" or "line".
write(...): Writes texts and numbers as they are.
os: Time, environment and files of the system.
clock(): Gives the seconds of processor time.
date([format], [time]): Writes a time, or gives a table with "*t".
difftime(later, earlier): Gives seconds between two times.
execute([command]): Runs a command of the system's shell.
exit([code]): Ends the script with an exit code.
getenv(name): Gives a variable of the environment.
remove(path): Deletes a file.
rename(from, to): Renames a file.
setenv(name, value): Sets a variable of the environment.
setlocale([locale], [category]): Is there for programs that call it.
time([table]): Gives the current Unix time, or that of a table.
tmpname(): Gives a name for a temporary file.
coroutine: Functions that stop and go on.
create(f): Makes a coroutine of a function.
isyieldable(): Tells whether the running function may yield.
resume(co, ...): Goes on with a coroutine; gives true and what it yields, or false and the error.
running(): Gives the running coroutine; nil in the main program.
status(co): Gives running, suspended, normal or dead.
wrap(f): Makes a function that resumes a new coroutine.
yield(...): Stops the coroutine and hands values to whoever resumed it.
debug: Looks into running programs.
getfenv(value): Gives the environment of a value.
getinfo([thread], f, [what]): Tells about a function or a level of the stack.
getlocal([thread], level, n): Gives a local variable's name and value.
getmetatable(value): Gives the metatable of any value.
getupvalue(f, n): Gives a variable that a function uses from outside.
setfenv(value, table): Sets the environment of a value.
setlocal([thread], level, n, value): Sets a local variable.
setmetatable(value, table): Sets the metatable of any value.
setupvalue(f, n, value): Sets a variable that a function uses from outside.
traceback([thread], [message], [level]): Gives the calls that led here.
package: How require finds modules: package.path, package.loaded, package.preload.
config = string: The separators of package.path.
cpath = string: Is not used.
loaded = table: The modules that are loaded.
loaders = table: The functions that find modules.
path = string: Where modules are looked for.
preload = table: Functions that make modules.
loadlib(path, name): Is not supported.
seeall(module): Lets a module see the globals.
`

// luaLibraries are Lua's own libraries as modules without code.
var luaLibraries = sync.OnceValue(func() []Module {
	var libraries []Module
	for _, line := range strings.Split(strings.TrimSpace(luaText), "\n") {
		if name, rest, isValue := strings.Cut(line, " = "); isValue && !strings.ContainsAny(name, ":(") {
			kind, doc, _ := strings.Cut(rest, ": ")
			last := &libraries[len(libraries)-1]
			last.Values = append(last.Values, Value{Name: name, Type: kind, Doc: doc})
			continue
		}
		name, rest, isFunction := strings.Cut(line, "(")
		if i := strings.Index(line, ": "); !isFunction || i < len(name) {
			libraries = append(libraries, Module{Name: line[:i], Doc: line[i+2:]})
			continue
		}
		list, doc, _ := strings.Cut(rest, "): ")
		last := &libraries[len(libraries)-1]
		last.Functions = append(last.Functions, Function{Name: name, Doc: doc, Params: luaParams(list)})
	}
	return libraries
})

// libraryPrefix stands before what a library of Lua holds.
func libraryPrefix(library Module) string {
	if library.Name == baseLibrary {
		return ""
	}
	return library.Name + "."
}

// luaParams reads "text, [from]".
func luaParams(list string) []Param {
	var params []Param
	for _, name := range strings.Split(list, ", ") {
		if name == "" {
			continue
		}
		inner, optional := strings.CutPrefix(name, "[")
		params = append(params, Param{Name: strings.TrimSuffix(inner, "]"), Type: luaParamType(name), Optional: optional})
	}
	return params
}

func luaParamType(name string) string {
	switch strings.Trim(name, "[]") {
	case "text", "pattern", "format", "path", "command", "name":
		return "string"
	case "f", "handler":
		return "function"
	case "table", "list", "metatable":
		return "table"
	case "x", "y", "n", "m", "e", "from", "to":
		return "number"
	}
	return "any"
}

// pathFunctions are the functions whose first argument is the name of a file.
var pathFunctions = map[string]bool{
	"csv.open": true, "csv.create": true, "io.open": true, "io.lines": true, "io.input": true, "io.output": true,
	"dofile": true, "loadfile": true, "os.remove": true, "os.rename": true,
}
