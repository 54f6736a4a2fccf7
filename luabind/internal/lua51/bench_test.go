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
		{"find plain", "local s = ('x'):rep(100) .. 'needle'", "s:find('needle', 1, true)"},
		{"find", "local s = ('x'):rep(100) .. ' 12-34'", "s:find('(%d+)-(%d+)')"},
		{"match", "local s = '2024-01-02'", "s:match('^(%d+)-(%d+)-(%d+)$')"},
		{"gmatch", "local s = 'the quick brown fox jumps'", "for w in s:gmatch('%a+') do end"},
		{"gsub", "local s = 'the quick brown fox jumps'", "s:gsub('%w+', '<%0>')"},
		{"gsub function", "local s = 'the quick brown fox jumps' local function f(w) return w end", "s:gsub('%w+', f)"},
		{"gsub set", "local s = ('a b-c'):rep(100)", "s:gsub('[^%w_]', '')"},
		{"format", "", "('%s has %d of %5.2f'):format('user', i, 1.5)"},
		{"format short", "", "('%d'):format(i)"},
		{"sub", "local s = 'the quick brown fox'", "s:sub(5, 9)"},
		{"byte", "local s = 'the quick brown fox'", "s:byte(5)"},
		{"upper", "local s = 'the quick brown fox'", "s:upper()"},
		{"rep", "", "('ab'):rep(10)"},
		{"tonumber", "", "tonumber('1635')"},
		{"floor", "local floor = math.floor", "floor(1.5)"},
		{"insert", "local t, insert, remove = {}, table.insert, table.remove", "insert(t, i) remove(t)"},
		{"concat", "local t = {} for i = 1, 100 do t[i] = 'x' .. i end", "table.concat(t, ',')"},
		{"select", "local function f(...) return select('#', ...) end", "f(1, 2, 3)"},
		{"unpack", "local t = {1, 2, 3}", "unpack(t)"},
		{"next", "local t = {1, a = 2, b = 3}", "next(t, 'a')"},
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
