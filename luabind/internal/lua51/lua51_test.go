package lua51_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

var update = flag.Bool("update", false, "record testdata/*.txt anew, with lua5.1")

// small are the options of a runtime with many threads.
var small = lua.Options{MinimizeStackMemory: true, RegistrySize: 256, RegistryMaxSize: 256 * 1024, RegistryGrowStep: 256, CallStackSize: 1000}

// fixed are options with stacks that do not grow.
var fixed = lua.Options{RegistrySize: 20 * 1024, CallStackSize: 1000}

// newState is a repaired state that prints to out.
func newState(t testing.TB, opts lua.Options) (L *lua.LState, out *bytes.Buffer) {
	t.Helper()
	L, out = lua.NewState(opts), new(bytes.Buffer)
	t.Cleanup(L.Close)
	if err := lua51.Install(L); err != nil {
		t.Fatal(err)
	}
	write := func(sep, end string) *lua.LFunction {
		return L.NewFunction(func(L *lua.LState) int {
			for i := range L.GetTop() {
				if i > 0 {
					out.WriteString(sep)
				}
				out.WriteString(L.ToStringMeta(L.Get(i + 1)).String())
			}
			out.WriteString(end)
			return 0
		})
	}
	L.SetGlobal("print", write("\t", "\n"))
	L.SetField(L.GetGlobal("io"), "write", write("", ""))
	return L, out
}

// run runs code in L as a chunk named name, and fails the test on an error.
func run(t testing.TB, L *lua.LState, name, code string) {
	t.Helper()
	L.Push(compile(t, L, name, code))
	if err := lua51.PCall(L, 0, 0, nil); err != nil {
		t.Fatal(err)
	}
}

// compile is load with names of local variables that can be believed.
func compile(t testing.TB, L *lua.LState, name, code string) *lua.LFunction {
	t.Helper()
	chunk, err := parse.Parse(strings.NewReader(code), name)
	if err != nil {
		t.Fatal(err)
	}
	proto, err := lua51.Compile(chunk, name)
	if err != nil {
		t.Fatal(err)
	}
	return L.NewFunctionFromProto(proto)
}

// eval runs code in a fresh state and returns what it printed.
func eval(t testing.TB, opts lua.Options, code string) string {
	t.Helper()
	L, out := newState(t, opts)
	run(t, L, "test", code)
	return out.String()
}

// scripts are the files whose output is that of PUC Lua 5.1.5.
func scripts(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) < 6 {
		t.Fatalf("testdata/*.lua: %v, %v", files, err)
	}
	return files
}

// golden reads a script and what Lua 5.1 prints for it, with Go in the place of C.
func golden(t *testing.T, file string) (code, want string) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(strings.TrimSuffix(file, ".lua") + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(src), strings.ReplaceAll(string(out), "[C]", "[G]")
}

// TestGoldenFilesAreLua51 checks the recorded output where the real thing is installed.
func TestGoldenFilesAreLua51(t *testing.T) {
	t.Parallel()
	bin, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Skip("lua5.1 is not installed")
	}
	for _, file := range scripts(t) {
		cmd := exec.CommandContext(t.Context(), bin, filepath.Base(file))
		cmd.Dir = filepath.Dir(file)
		got, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", cmd, err, got)
		}
		recorded := strings.TrimSuffix(file, ".lua") + ".txt"
		if *update {
			if err := os.WriteFile(recorded, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(recorded)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not what lua5.1 prints (-recorded +lua5.1); run with -update:\n%s", recorded, diff)
		}
	}
}

// TestAsLua51 runs each script in the main thread, as a task, and in a coroutine, where pcall works differently.
func TestAsLua51(t *testing.T) {
	t.Parallel()
	ways := []struct {
		name string
		opts lua.Options
		not  []string // scripts that ask where they run
		run  func(t *testing.T, L *lua.LState, name, code string)
	}{
		{"main", fixed, nil, func(t *testing.T, L *lua.LState, name, code string) { run(t, L, name, code) }},
		{"growing stacks", small, nil, func(t *testing.T, L *lua.LState, name, code string) { run(t, L, name, code) }},
		{"task", small, []string{"coroutines.lua"}, func(t *testing.T, L *lua.LState, name, code string) {
			var wg sync.WaitGroup
			wg.Go(func() { run(t, lua51.NewThread(L), name, code) })
			wg.Wait()
		}},
		{"coroutine", small, []string{"coroutines.lua", "traceback.lua", "overflow.lua"}, func(t *testing.T, L *lua.LState, name, code string) {
			L.SetGlobal("chunk", compile(t, L, name, code))
			run(t, L, "wrap", "coroutine.wrap(chunk)()")
		}},
	}
	for _, file := range scripts(t) {
		code, want := golden(t, file)
		for _, way := range ways {
			name := filepath.Base(file)
			if slices.Contains(way.not, name) {
				continue
			}
			t.Run(name+"/"+way.name, func(t *testing.T) {
				t.Parallel()
				L, out := newState(t, way.opts)
				way.run(t, L, name, code)
				if diff := cmp.Diff(want, out.String()); diff != "" {
					t.Errorf("output differs from Lua 5.1 (-5.1 +got):\n%s", diff)
				}
			})
		}
	}
}

// TestGotoToJumps has labels that begin with a jump; Lua 5.1 has no goto.
func TestGotoToJumps(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		`for k in pairs{a = 1} do goto done print("skipped") ::done:: end print("end")`:                                                         "end\n",
		`local n = 0 repeat goto out ::out:: n = n + 1 until n == 3 print(n)`:                                                                   "3\n",
		`local n = 0 repeat do goto again end ::again:: n = n + 1 until n >= 2 print(n)`:                                                        "2\n",
		`local n = 0 do ::top:: while true do break end n = n + 1 if n < 3 then goto top end end print(n)`:                                      "3\n",
		`local n = 0 do ::one:: ::two:: while true do break end n = n + 1 if n == 1 then goto one elseif n == 2 then goto two end end print(n)`: "3\n",
		`local n = 0
		do
			::a:: do goto b end
			::c:: print("c") do goto d end
			::b:: n = n + 1 if n < 3 then goto a end
			goto c
			::d:: print(n)
		end`: "c\n3\n",
		`local n = 0
		for i = 1, 3 do
			for _, v in ipairs{1, 2, 3} do
				if v == 2 then goto continue end
				while true do
					if v == 1 then break end
					n = n + 1 break
				end
				::continue::
			end
		end
		print(n)`: "3\n",
	} {
		if diff := cmp.Diff(want, eval(t, small, "local print = print "+code)); diff != "" {
			t.Errorf("%s\nprinted (-want +got):\n%s", code, diff)
		}
	}
}
