package luabind

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// needsShell skips a test whose programs are those of Unix.
func needsShell(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the commands are those of a Unix shell")
	}
}

func TestPopen(t *testing.T) {
	t.Parallel()
	needsShell(t)
	runLuaTests(t, []luaTest{
		{"write", `local f = io.popen("cat", "w") print(io.type(f), f:write("hello\n", 1, "\n")) print(f:close())`, "file	true\nhello\n1\ntrue	exit	0"},
		{"order", `io.write("before\n") local f = io.popen("sort", "w") f:write("b\na\n") f:close() print("after")`, "before\na\nb\nafter"},
		{"read", `local f = io.popen("echo a; echo b; echo c; exit 3") print(f:read()) for l in f:lines() do print(l) end print(f:read(), f:close())`,
			"a\nb\nc\nnil	true	exit	3"},
		{"read all", `local f = io.popen("printf '12 x'") print(f:read("*n", "*a")) f:close()`, "12	 x"},
		{"unread", `local f = io.popen("exec yes") print(f:read(), f:close())`, "y	true	signal	13"},
		{"signal", `print(io.popen("kill -9 $$", "w"):close())`, "true	signal	9"},
		{"nobody reads", `local f = io.popen("exit 2", "w") f:write(("x"):rep(2e5)) print(io.close(f))`, "true	exit	2"},
		{"much output", `local f = io.popen("head -c 3000000 /dev/zero | tr '\\0' 'x'; echo", "w") print(f:close())`, strings.Repeat("x", 3000000) + "\ntrue	exit	0"},
		{"flush and setvbuf", `local f = io.popen("cat", "w") local set, flushed, written = f:setvbuf("no"), f:flush(), f:write("x\n")
			local none, why, code = f:seek() f:close() print(set, flushed, written) print(none, why, code)`, // cat prints when it likes
			"x\ntrue	true	true\nnil	cannot seek in a process	1"},
		{"default input", `io.input(io.popen("echo q; echo r")) print(io.read()) for l in io.lines() do print(l) end print(io.close(io.input())) print(pcall(io.read))`,
			"q\nr\ntrue	exit	0\nfalse	attempt to use a closed file"},
		{"default output", `local old = io.output() io.output(io.popen("cat", "w")) io.write("x\n") io.close() io.output(old) io.write("y\n")`, "x\ny"},
		{"closed", `local f = io.popen("true") print(tostring(f):match("^file %(0x%x+%)$") ~= nil) f:close() print(io.type(f), tostring(f), pcall(f.read, f)) print(pcall(f.close, f))`,
			"true\nclosed file	file (closed)	false	attempt to use a closed file\nfalse	attempt to use a closed file"},
		{"wrong direction", `local f = io.popen("true") print(f:write("x")) f:close() f = io.popen("true", "w") print(f:read()) f:close()`,
			"nil	a process of mode r is for reading only	1\nnil	a process of mode w is for writing only	1"},
		{"wrong mode", `print(pcall(io.popen, "true", "x"))`, `false	bad argument #2 to (anonymous) (invalid mode "x", want "r" or "w")`},
		{"left in the background", `print(io.popen("sleep 60 & echo started", "w"):close())`, "started\ntrue	exit	0"},
		{"execute", `print(os.execute("echo out; exit 3"), os.execute("true"), os.execute(), os.execute("kill -9 $$"))`, "out\n768	0	1	9"},
	})
	b := newBench(t, "")
	b.run(t, `local f = io.popen("head -c 3000000 /dev/zero >&2; echo done") print(f:read()) f:close()`)
	if b.err.Len() != 3000000 || b.printed() != "done" {
		t.Errorf("standard error got %d bytes, standard output %q", b.err.Len(), b.printed())
	}
	b = newBench(t, "")
	b.run(t, `local f = io.popen("cat >&2", "w") f:write("oops\n") f:close() io.popen("echo r >&2"):close() os.execute("echo e >&2")`)
	if diff := cmp.Diff("oops\nr\ne\n", b.err.String()); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
}

// TestProcessEndsWithTheContext interrupts scripts that wait for programs. The task that does it begins when its script
// waits, not earlier. That nothing is left of the programs is seen when all tests are over.
func TestProcessEndsWithTheContext(t *testing.T) {
	t.Parallel()
	needsShell(t)
	for _, source := range []string{
		`io.popen("exec sleep 600", "w"):close()`,
		`io.popen("exec sleep 600"):read()`,
		`os.execute("exec sleep 600")`,
		`local f = io.popen("sleep 2; true", "w") f:setvbuf("no") f:write(("x"):rep(1e6))`,
		`local f = io.popen("exec yes", "w") f:setvbuf("no") f:write(("x"):rep(1e6))`,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		rt, err := New(&authy.Client{}, With(func(*Host) Module {
			return Module{Name: "probe", Functions: []Function{{Name: "interrupt", Call: func(*lua.LState) int { cancel(); return 0 }}}}
		}))
		if err != nil {
			t.Fatal(err)
		}
		if err := rt.Run(ctx, Script{Source: "task.spawn(probe.interrupt) " + source}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want canceled", source, err)
		}
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFileRead(t *testing.T) {
	t.Parallel()
	b, _ := inFolder(t, "", map[string]string{"in": "12 0x10 1e2 abc\nl2\n"}, `
		local f = io.open(path"in")
		print(f:read("*n", "*n", "*n")) print(f:read("*n")) print(f:read("*l")) print(f:read(1e9)) print(f:read(0), f:read("*a"), f:read(5))
		print(pcall(f.read, f, "x")) print(pcall(f.read, f, -1)) f:close() print(pcall(f.read, f))
		f = io.open(path"new", "w") print((f:read()))
		f = io.open(path"in", "r+") print(f:read(2)) f:seek("set", 0) f:write("99") print(f:read("*n")) f:seek("set", 0) print(f:read(4))`)
	want := `12	16	100
nil
abc
l2

nil		nil
false	bad argument #2 to (anonymous) (invalid format, want "*l", "*n", "*a" or a number of bytes)
false	bad argument #2 to (anonymous) (invalid format, want "*l", "*n", "*a" or a number of bytes)
false	bad argument #1 to (anonymous) (file is closed)
nil
12
0x10
nil`
	want = strings.Replace(want, "12\n0x10\nnil", "12\n16\n99 0", 1)
	if diff := cmp.Diff(want, b.printed()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}
