package luabind

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

func TestCSVCreate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, before, source, want string }{
		{"by name and as lists", "old", `
			local w = csv.create(path"out.csv", {header = {"a", "b", "c"}})
			w:write{c = "x,y", a = 1}
			w:write{"p", 'q"q'}
			w:write{a = json.null, b = 1e15, c = false}
			w:write{}
			w:close() w:close()
			print(tostring(w))`, "a,b,c\n1,,\"x,y\"\np,\"q\"\"q\",\n,1000000000000000,false\n,,\n"},
		{"without header", "", `local w = csv.create(path"out.csv") w:write{1, 2} w:write{3} w:close()`, "1,2\n3,\n"},
		{"separator", "", `local w = csv.create(path"out.csv", {separator = ";"}) w:write{"a;b", "c,d"} w:close()`, "\"a;b\";c,d\n"},
		{"an empty field alone", "", `local w = csv.create(path"out.csv", {header = {"a"}}) w:write{a = ""} w:write{a = 1} w:close()`, "a\n\"\"\n1\n"},
		{"append", "a,b\n1,2\n", `local w = csv.create(path"out.csv", {header = {"a", "b"}, append = true}) w:write{a = 3} w:close()`, "a,b\n1,2\n3,\n"},
		{"append to an unfinished line", "a,b\n1,2", `local w = csv.create(path"out.csv", {append = true}) w:write{3, 4} w:close()`, "a,b\n1,2\n3,4\n"},
		{"append to an empty file", "", `local w = csv.create(path"out.csv", {header = {"a"}, append = true}) w:write{3} w:close()`, "a\n3\n"},
		{"flush", "", `local w = csv.create(path"out.csv") w:write{1} w:flush() print(io.open(path"out.csv"):read("*a")) w:close()`, "1\n"},
		{"closed by the end", "", `csv.create(path"out.csv"):write{1}`, "1\n"},
		{"what was read", "", `
			local text = "a,b\n1,\"x\ny\"\n"
			local w = csv.create(path"out.csv", {header = {"a", "b"}})
			for _, row in ipairs(csv.parse(text)) do w:write(row) end
			w:close()`, "a,b\n1,\"x\ny\"\n"},
		{"unicode", "", `local w = csv.create(path"out.csv") w:write{"Ørsted", " x"} w:close()`, "Ørsted,\" x\"\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{}
			if test.before != "" {
				files["out.csv"] = test.before
			}
			b, folder := inFolder(t, "", files, test.source)
			if err := closeFiles(b.L); err != nil {
				t.Errorf("closeFiles: %v", err)
			}
			text, err := os.ReadFile(filepath.Join(folder, "out.csv"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(text)); diff != "" {
				t.Errorf("%s\nwrote (-want +got):\n%s", test.source, diff)
			}
			if info, _ := os.Stat(filepath.Join(folder, "out.csv")); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, want 0600", info.Mode())
			}
		})
	}
}

func TestCSVCreateErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, source, want string }{
		{"unknown column", `csv.create(path"o", {header = {"authy_id", "ok"}}):write{authyid = 1}`, `row has "authyid", which is no column, did you mean "authy_id"?`},
		{"unknown, none near", `csv.create(path"o", {header = {"a", "b"}}):write{phone = 1}`, `row has "phone", which is no column; the columns are "a", "b"`},
		{"names without header", `csv.create(path"o"):write{a = 1}`, "row has names: give the option header, which says their order, or write a list"},
		{"names and numbers", `csv.create(path"o", {header = {"a"}}):write{1, a = 2}`, `row mixes fields by number with the key "a"`},
		{"odd key", `csv.create(path"o", {header = {"a"}}):write{[true] = 2}`, `row has [true], which is no column; the columns are "a"`},
		{"too many", `csv.create(path"o", {header = {"a", "b"}}):write{1, 2, 3}`, "row has 3 fields, want 2"},
		{"too many for the first row", `local w = csv.create(path"o") w:write{1} w:write{1, 2}`, "row has 2 fields, want 1"},
		{"empty first row", `csv.create(path"o"):write{}`, "row is empty, want at least one field"},
		{"table in a field", `csv.create(path"o", {header = {"a"}}):write{a = {}}`, `row has a table in column "a", want a string, a number or a boolean`},
		{"function in a list", `csv.create(path"o"):write{1, print}`, `row has a function in column 2, want a string, a number or a boolean`},
		{"no row", `csv.create(path"o"):write(5)`, "csv.Writer: row must be a table, got a number"},
		{"closed", `local w = csv.create(path"o") w:close() w:write{1}`, "o was closed"},
		{"other columns", `csv.create(path"in.csv", {append = true, header = {"phone", "ok"}})`, `has other columns: "phone", "country_code", "email"`},
		{"being read", `local r = csv.open(path"in.csv") r() csv.create(path"./in.csv")`,
			"in.csv is still being read, and would be emptied: read it to its end or close it, or write to another file"},
		{"no folder", `csv.create(path"none/out.csv")`, "no such file or directory"},
		{"header", `csv.create(path"o", {header = {"a", "a"}})`, `csv.create: header must name every column once: columns 1 and 2 are both named "a"`},
		{"dot for colon", `csv.create(path"o").write{1}`, "csv.Writer expected, got table (call methods with a colon, as in writer:write(row))"},
		{"dot for colon, reading", `csv.open(path"in.csv").read()`, "csv.Reader expected, got nil (call methods with a colon, as in reader:read())"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b, _ := inFolder(t, "", map[string]string{"in.csv": usersCSV}, `print(select(2, pcall(function() `+test.source+` end)))`)
			if got := b.stdout.String(); !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s in it", got, test.want)
			}
		})
	}
}

// TestCSVOverwriteAfterReading may create the file anew once it was read.
func TestCSVOverwriteAfterReading(t *testing.T) {
	t.Parallel()
	_, folder := inFolder(t, "", map[string]string{"in.csv": "a\n1\n"}, `
		for _ in csv.open(path"in.csv") do end
		local w = csv.create(path"in.csv") w:write{2} w:close()`)
	if text, _ := os.ReadFile(filepath.Join(folder, "in.csv")); string(text) != "2\n" {
		t.Errorf("file holds %q", text)
	}
}

func TestCSVText(t *testing.T) {
	t.Parallel()
	runLuaTests(t, []luaTest{
		{"parse", `local rows = csv.parse("a,b\n1,2\n3,4\n") print(#rows, rows[1].a, rows[2].b)`, "2	1	4"},
		{"parse with options", `local rows = csv.parse("1;2", {header = false, separator = ";"}) print(rows[1][1], rows[1][2])`, "1	2"},
		{"no rows are a list", `print(json.encode(csv.parse("a\n")))`, "[]"},
		{"encode", `print(csv.encode({{b = 1, a = "x"}, {c = true}}))`, "a,b,c\nx,1,\n,,true\n"},
		{"encode with header", `print(csv.encode({{b = 1}, {2, 3}}, {header = {"b", "a"}, separator = ";"}))`, "b;a\n1;\n2;3\n"},
		{"encode lists", `print(csv.encode{{1, 2}, {3, 4}})`, "1,2\n3,4\n"},
		{"encode nothing", `print(csv.encode{} == "", csv.encode({}, {header = {"a"}}) == "a\n")`, "true	true"},
		{"round trip", `local text = 'a,b\n"x ""y""","1\n2"\n' print(csv.encode(csv.parse(text)) == text)`, "true"},
		{"faulty row", `print(pcall(csv.parse, "a,b\n1\n"))`, `false	csv.parse: line 2: row has 1 field, want 2: "a", "b"`},
		{"empty", `print(pcall(csv.parse, ""))`, `false	csv.parse: the text is empty, want a first line with the names of the columns`},
		{"no text", `print(pcall(csv.parse, {}))`, `false	csv.parse: text must be a string, got a table`},
		{"no row", `print(pcall(csv.encode, {{1}, 2}))`, "false	csv.encode: rows[2] must be a table, got a number"},
		{"unknown column", `print(pcall(csv.encode, {{a = 1}}, {header = {"b"}}))`, `false	csv.encode: rows[1] has "a", which is no column, did you mean "b"?`},
		{"rows", `print(pcall(csv.encode, 1))`, "false	csv.encode: rows must be a table, got a number"},
	})
}

// TestCSVWritesOutEverySecond looks at the file while the script goes on.
func TestCSVWritesOutEverySecond(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	now := b.host.Now()
	b.host.Now = func() time.Time { return now }
	file := filepath.Join(t.TempDir(), "out.csv")
	b.L.SetGlobal("file", lua.LString(file))
	b.run(t, `w = csv.create(file) w:write{1}`)
	for _, step := range []struct {
		passed time.Duration
		want   string
	}{{time.Second, ""}, {time.Millisecond, "1\n2\n3\n"}, {time.Second, "1\n2\n3\n"}} {
		now = now.Add(step.passed)
		b.run(t, `n = (n or 1) + 1 w:write{n}`)
		if text, err := os.ReadFile(file); err != nil || string(text) != step.want {
			t.Errorf("file holds %q, %v, want %q", text, err, step.want)
		}
	}
}

func BenchmarkCSVWrite(b *testing.B) {
	s := newBench(b, "")
	s.L.SetGlobal("out", lua.LString(filepath.Join(b.TempDir(), "out.csv")))
	s.run(b, `row = {phone = "911234567", authy_id = 1635} w = csv.create(out, {header = {"phone", "authy_id"}}) function write() w:write(row) end`)
	write := s.L.GetGlobal("write")
	b.ReportAllocs()
	for b.Loop() {
		s.L.Push(write)
		s.L.Call(0, 0)
	}
}
