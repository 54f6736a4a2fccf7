package luabind

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

func TestPrintAndWrite(t *testing.T) {
	t.Parallel()
	runLuaTests(t, []luaTest{
		{"print", `print("a", 1, true, nil, 1e15, 0.5, -0.0, 2^53, 1e100)`, "a	1	true	nil	1000000000000000	0.5	0	9007199254740992	1e+100"},
		{"print nothing", `print() print("")`, "\n"},
		{"print by tostring", `print(setmetatable({}, {__tostring = function() return "me" end}))`, "me"},
		{"print inside of tostring", `print("a", setmetatable({}, {__tostring = function() print("inner") return "me" end}), "b")`, "inner\na	me	b"},
		{"tostring without text", `print(pcall(print, setmetatable({}, {__tostring = function() return 1 end})))`, "false	'tostring' must return a string to 'print'"},
		{"write", `print(io.write("a", 1, 0.5, "\n"), io.stdout:write("b\n"))`, "a10.5\nb\ntrue	true"},
		{"write nothing", `print(io.write())`, "true"},
		{"write no text", `print(pcall(io.write, "a", {}))`, "false	bad argument #2 to (anonymous) (string expected, got table)"},
		{"type", `print(io.type(io.stdout), io.type(io.stdin), io.type(io.tmpfile()), io.type(5), io.type({}))`, "file	file	file	nil	nil"},
		{"type of nothing", `print((pcall(io.type)))`, "false"},
		{"tostring", `print(tostring(io.stdout):match("^file %(0x%x+%)$") ~= nil, io.stdout == io.output(), io.stdin == io.input())`, "true	true	true"},
		{"close", `print(io.close()) print(io.stdout:close()) print(io.close(io.stdin)) print(io.write("still\n"))`,
			"nil	cannot close a standard stream	1\nnil	cannot close a standard stream	1\nnil	cannot close a standard stream	1\nstill\ntrue"},
		{"flush and setvbuf", `print(io.flush(), io.stdout:flush(), io.stdin:flush(), io.stdout:setvbuf("full", 10))`, "true	true	true	true"},
		{"setvbuf mode", `print(pcall(io.stdout.setvbuf, io.stdout, "all"))`, `false	bad argument #2 to (anonymous) (invalid mode "all", want "no", "line" or "full")`},
		{"seek", `print(io.stdout:seek())`, "nil	cannot seek in a standard stream	1"},
		{"wrong direction", `print(io.stdin:write("x")) print(io.stdout:read()) print(pcall(io.stdout.lines, io.stdout))`,
			"nil	standard input is opened for reading only	1\nnil	standard output is opened for writing only	1\nfalse	standard output is opened for writing only"},
		{"no such default", `print(pcall(io.output, io.stdin)) print(pcall(io.input, {}))`,
			"false	bad argument #1 to (anonymous) (a standard stream of the other direction)\nfalse	bad argument #1 to (anonymous) (file expected, got table)"},
		{"dot for colon", `print(pcall(io.stdout.write, "x"))`,
			"false	bad argument #1 to (anonymous) (file expected, got string (call methods with a colon, as in io.stdout:write()))"},
	})
	b := newBench(t, "")
	b.run(t, `io.stderr:write("oops ", 1, "\n")`)
	if got := b.err.String(); got != "oops 1\n" || b.stdout.Len() > 0 {
		t.Errorf("standard error got %q, standard output %q", got, b.stdout.String())
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, stdin, source, want string }{
		{"lines", "a\nb\r\n\nlast", `print(io.read(), io.read("*l"), io.read("*line"), io.stdin:read(), io.read())`, "a	b		last	nil"},
		{"with ends", "a\r\nb", `print(#io.read("*L"), #io.read("L"), io.read("L"))`, "3	1	nil"},
		{"all", "a\nb\n", `print(#io.read("*a"), io.read("*a") == "", io.read())`, "4	true	nil"},
		{"bytes", "abcdef", `print(io.read(2), io.read(0) == "", io.read(10), io.read(0), io.read(1))`, "ab	true	cdef	nil	nil"},
		{"several", "1 2\nrest\n", `print(io.read("*n", "*n", "*l", "*l", "*l"))`, "1	2		rest	nil"},
		{"stops at the first nil", "x 1", `print(io.read("*n", "*l"))`, "nil"},
		{"numbers", " -12 +3.5e2 .5 0x1F 7.\n1e5x", `print(io.read("*n", "*n", "*n", "*n", "*n", "*n")) print(io.read(1))`, "-12	350	0.5	31	7	100000\nx"},
		{"no numbers", "abc", `print(io.read("*n")) print(io.read("*a"))`, "nil\nabc"},
		{"half a number", "- 5 e", `print(io.read("*n")) print(io.read("*a"))`, "nil\n 5 e"},
		{"endless digits", strings.Repeat("9", 500), `print(io.read("*n") > 1e199)`, "true"},
		{"iterator", "a\nb\n\nc", `for line in io.lines() do io.write("[", line, "]") end print()`, "[a][b][][c]"},
		{"method", "a\nb\n", `io.read() for line in io.stdin:lines() do print(line) end`, "b"},
		{"a long line", strings.Repeat("x", 200_000) + "\ny\n", `print(#io.read(), io.read())`, "200000	y"},
		{"nothing", "", `print(io.read(), io.read("*a") == "", io.read("*n"))`, "nil	true	nil"},
		{"bad format", "a", `print(pcall(io.read, "*x")) print(pcall(io.read, -1)) print(pcall(io.read, {}))`,
			strings.TrimSuffix(strings.Repeat("false	bad argument #1 to (anonymous) (invalid format, want \"*l\", \"*n\", \"*a\" or a number of bytes)\n", 3), "\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, test.stdin)
			b.run(t, test.source)
			if diff := cmp.Diff(test.want, b.printed()); diff != "" {
				t.Errorf("%s\nprinted (-want +got):\n%s", test.source, diff)
			}
		})
	}
}

// TestFiles uses files of gopher-lua beside and in place of the standard streams.
func TestFiles(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10_000)
	for _, test := range []struct{ name, source, want string }{
		{"open", `local f = io.open(path"new", "w") print(f:write("a\n", 1), io.type(f), f:close(), io.type(f)) print(io.open(path"new"):read("*a"))`,
			"true	file	true	closed file\na\n1"},
		{"redirected", `
			local old = io.output()
			print(io.output(path"new") == io.output(), io.output() ~= old)
			io.write("to the file\n") print("to the stream")
			io.flush() io.close() io.output(old) io.write("back\n")
			print(io.open(path"new"):read("*a"))`, "true	true\nto the stream\nback\nto the file\n"},
		{"output empties the file", `io.output(path"in") io.write("x") io.close() print(io.open(path"in"):read("*a"))`, "x"},
		{"an open file as output", `local f = io.open(path"new", "w") io.output(f) io.write("x") io.output(io.stdout) f:close() print(io.open(path"new"):read("*a"))`, "x"},
		{"input", `io.input(path"in") print(io.read(), #io.read(), io.read("*a")) io.input(io.stdin) print(io.read())`, "first	10000	last\nstdin"},
		{"lines of the input", `io.input(path"in") for line in io.lines() do print(#line) end`, "5\n10000\n4"},
		{"lines of a file", `for line in io.lines(path"in") do print(#line) end`, "5\n10000\n4"},
		{"lines of an open file", `local f = io.open(path"in") for line in f:lines() do print(#line) end print(f:close())`, "5\n10000\n4\ntrue"},
		{"no such file", `print(pcall(io.lines, path"none")) print(pcall(io.input, path"none")) print(io.open(path"none"))`,
			"false	open DIR/none: no such file or directory\nfalse	open DIR/none: no such file or directory\nnil	open DIR/none: no such file or directory	1"},
		{"writing to a closed output", `local f = io.open(path"new", "w") io.output(f) f:close() print(pcall(io.write, "x"))`, "false	bad argument #1 to (anonymous) (file is closed)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b, folder := inFolder(t, "stdin\n", map[string]string{"in": "first\n" + long + "\nlast"}, test.source)
			got := strings.ReplaceAll(b.printed(), folder, "DIR")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s\nprinted (-want +got):\n%s", test.source, diff)
			}
		})
	}
}

// TestWithoutIO has print alone.
func TestWithoutIO(t *testing.T) {
	t.Parallel()
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	L.Push(L.NewFunction(lua.OpenBase))
	L.Call(0, 0)
	var out bytes.Buffer
	installStreams(L, &Host{Stdout: &out})
	if err := L.DoString(`print(io, "x")`); err != nil || out.String() != "nil\tx\n" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
}

// TestHostWithoutStreams reads the end and discards.
func TestHostWithoutStreams(t *testing.T) {
	t.Parallel()
	L := lua.NewState()
	defer L.Close()
	installStreams(L, &Host{})
	if err := L.DoString(`print("x") io.stderr:write("y") assert(io.read() == nil)`); err != nil {
		t.Error(err)
	}
}

// failingWriter fails after a while, as a pipe whose reader has gone, or a full disk.
type failingWriter struct {
	writes int
	err    error
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.writes--; w.writes < 0 {
		return 0, &fs.PathError{Op: "write", Path: "|1", Err: w.err}
	}
	return len(p), nil
}

func TestWriteFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		err  error
		want string // of each write, whether it raised
	}{
		{"closed pipe", syscall.EPIPE, "ok raised ok ok ok"},
		{"full disk", syscall.ENOSPC, "ok raised raised raised raised"},
	} {
		b := newBench(t, "")
		streamsOf(b.L, b.host).out.w = &failingWriter{1, test.err}
		b.run(t, `
			results = {}
			for i, write in ipairs{print, print, io.write, function(x) io.stdout:write(x) end, print} do
				results[i] = pcall(write, "x") and "ok" or "raised"
			end
			results = table.concat(results, " ")`)
		if got := b.L.GetGlobal("results").String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	b := newBench(t, "")
	streamsOf(b.L, b.host).out.w = &failingWriter{0, syscall.EPIPE}
	b.L.SetGlobal("check", b.L.NewFunction(func(L *lua.LState) int {
		if err := luavalue.Error(L.Get(1)); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("raised %v, want EPIPE", err)
		}
		return 0
	}))
	b.run(t, `
		local ok, err = pcall(print, "x")
		assert(not ok and tostring(err):match("^cannot write to standard output: "), tostring(err))
		check(err)
		local ok, message, number = io.write("x")
		assert(ok == nil and message:match("broken pipe") and number == 1)
		assert(select("#", print("x")) == 0 and io.flush() == nil)`)
}

// TestCSVToClosedPipe raises: there is nobody left to write rows for.
func TestCSVToClosedPipe(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	streamsOf(b.L, b.host).out.w = &failingWriter{1, syscall.EPIPE}
	b.run(t, `
		local w = csv.create("-", {header = {"a"}})
		local ok, err = pcall(w.write, w, {1})
		assert(not ok and tostring(err):match("^csv.Writer: cannot write to standard output: .*broken pipe$"), tostring(err))`)
}

// flushingWriter counts flushes.
type flushingWriter struct {
	bytes.Buffer
	flushes int
}

func (w *flushingWriter) Flush() error { w.flushes++; return nil }

func TestFlushReachesTheHost(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	var w flushingWriter
	streamsOf(b.L, b.host).out.w = &w
	b.run(t, `print("x") io.flush() io.stdout:flush()`)
	if w.flushes != 2 || w.String() != "x\n" {
		t.Errorf("%d flushes of %q, want 2", w.flushes, w.String())
	}
}

// TestReadEndsWithTheContext leaves a read hanging, which the next script takes over.
func TestReadEndsWithTheContext(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	b.L.SetContext(ctx)
	in := streamsOf(b.L, b.host).in
	in.direct = false
	in.source = readerFunc(func(p []byte) (int, error) {
		cancel()
		return r.Read(p)
	})
	if err := b.L.DoString(`io.read()`); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Fatalf("read = %v, want canceled", err)
	}
	again, stop := context.WithCancel(t.Context())
	defer stop()
	b.L.SetContext(again)
	go func() { _, _ = w.Write([]byte("one\ntwo\n")); _ = w.Close() }()
	b.run(t, `print(io.read(), io.read(), io.read())`)
	if got := b.stdout.String(); got != "one\ttwo\tnil\n" {
		t.Errorf("read %q", got)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestTasksShareInput has threads of one state read lines in turn, under one lock, and sees that none is lost or cut.
func TestTasksShareInput(t *testing.T) {
	t.Parallel()
	const tasks, lines = 8, 2000
	var text strings.Builder
	for range lines {
		text.WriteString(strings.Repeat("x", 99) + "\n")
	}
	b := newBench(t, "")
	var lock interpreter
	b.host.interpreter = &lock
	in := streamsOf(b.L, b.host).in
	in.source, in.direct = strings.NewReader(text.String()), false
	b.run(t, `count = 0 function task() for line in io.lines() do assert(#line == 99) count = count + 1 end end`)
	var wg sync.WaitGroup
	lock.Lock()
	for range tasks {
		thread, _ := b.L.NewThread()
		thread.SetContext(t.Context())
		wg.Go(func() {
			lock.Lock()
			defer lock.Unlock()
			if err := thread.CallByParam(lua.P{Fn: b.L.GetGlobal("task"), Protect: true}); err != nil {
				t.Error(err)
			}
		})
	}
	lock.Unlock()
	wg.Wait()
	if got := b.L.GetGlobal("count"); got != lua.LNumber(lines) {
		t.Errorf("%v lines, want %d", got, lines)
	}
}

// TestReadFailure returns nil and the error, as in Lua 5.1.
func TestReadFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	streamsOf(b.L, b.host).in.source = readerFunc(func([]byte) (int, error) { return 0, errors.New("broken cable") })
	b.run(t, `print(io.read()) print(io.read("*a")) print(io.read("*n")) print(pcall(io.lines()))`)
	want := strings.Repeat("nil\tbroken cable\t1\n", 3) + "false\tbroken cable"
	if diff := cmp.Diff(want, b.printed()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	b = newBench(t, "")
	streamsOf(b.L, b.host).in.source = readerFunc(func([]byte) (int, error) { return 0, errors.New("broken cable") })
	b.run(t, `print(pcall(csv.open, "-"))`)
	if got, want := b.printed(), "false\tcsv.open: standard input: broken cable"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestStdinFromFile is a regular file, which is read without a goroutine.
func TestStdinFromFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte("a\nb"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if in := newInput(&Host{}, file); !in.direct {
		t.Error("a regular file is not read directly")
	}
}

func BenchmarkPrint(b *testing.B) {
	s := newBench(b, "")
	streamsOf(s.L, s.host).out.w = io.Discard
	s.run(b, `function work() print("user", 1635, true) end`)
	work := s.L.GetGlobal("work")
	b.ReportAllocs()
	for b.Loop() {
		s.L.Push(work)
		s.L.Call(0, 0)
	}
}
