package lua51_test

import (
	"testing"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// BenchmarkLua measures gopher-lua as it is, and repaired, with the small stacks that the runtime uses.
func BenchmarkLua(b *testing.B) {
	for _, bench := range []struct{ name, setup, body string }{
		{"pcall", "local function f(x) return x end", "pcall(f, i)"},
		{"pcall Go function", "local f = tonumber", "pcall(f, i)"},
		{"pcall in coroutine", "local function f(x) return x end", "pcall(f, i)"},
		{"pcall error", "local function f(x) error(x) end", "pcall(f, 'x')"},
		{"pcall error 100 deep", "local function f(x) if x == 0 then error('x') end f(x - 1) return 1 end", "pcall(f, 100)"},
		{"pcall error in coroutine", "local function f(x) error(x) end", "pcall(f, 'x')"},
		{"xpcall error", "local function f() error('x') end local function h(m) return m end", "xpcall(f, h)"},
		{"wrap one yield", "local yield, wrap = coroutine.yield, coroutine.wrap local function f(x) yield(x) end", "wrap(f)(i)"},
		{"yield", "local y = coroutine.yield local w = coroutine.wrap(function() while true do y() end end)", "w()"},
	} {
		for name, install := range map[string]bool{"plain": false, "repaired": true} {
			b.Run(bench.name+"/"+name, func(b *testing.B) {
				L := lua.NewState(small)
				defer L.Close()
				if install {
					if err := lua51.Install(L); err != nil {
						b.Fatal(err)
					}
				}
				code := bench.setup + "\nreturn function(n) for i = 1, n do " + bench.body + " end end"
				if bench.name == "pcall in coroutine" || bench.name == "pcall error in coroutine" {
					code = bench.setup + "\nreturn function(n) coroutine.resume(coroutine.create(function() for i = 1, n do " + bench.body + " end end)) end"
				}
				if err := L.DoString(code); err != nil {
					b.Fatal(err)
				}
				f := L.Get(-1)
				b.ReportAllocs()
				b.ResetTimer()
				if err := L.CallByParam(lua.P{Fn: f, Protect: true}, lua.LNumber(b.N)); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
