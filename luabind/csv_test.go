package luabind

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// inFolder runs Lua with the function path(name), which names a file in a folder of its own.
func inFolder(t *testing.T, stdin string, files map[string]string, source string) (b *bench, folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b = newBench(t, stdin)
	b.L.SetGlobal("path", b.L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(filepath.Join(folder, L.CheckString(1))))
		return 1
	}))
	b.run(t, source)
	return b, folder
}

const usersCSV = "phone,country_code,email\n911234567,PT,ana@example.com\n4155552671,US,\"bob \"\"b\"\", jr\"\n"

func TestCSVOpen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, source, want string }{
		{"a for loop over the reader", usersCSV, `for row in csv.open(path"in.csv") do print(row.phone, row.country_code, row.email) end`,
			"911234567	PT	ana@example.com\n4155552671	US	bob \"b\", jr"},
		{"rows", usersCSV, `local r = csv.open(path"in.csv") for row in r:rows() do print(row.phone, r:line()) end`, "911234567	2\n4155552671	3"},
		{"read", usersCSV, `local r = csv.open(path"in.csv") print(r:line(), r:read().phone, r().phone, r:read(), r:read())`, "1	911234567	4155552671	nil	nil"},
		{"header", usersCSV, `local r = csv.open(path"in.csv") print(#r.header, table.concat(r.header, " "), r.nothing, tostring(r))`,
			"3	phone country_code email	nil	csv.Reader"},
		{"no header", "a,b\nc,d\n", `local r = csv.open(path"in.csv", {header = false}) print(r.header) for row in r do print(#row, row[1], row[2]) end`,
			"nil\n2	a	b\n2	c	d"},
		{"names given", "a,b\nc,d\n", `for row in csv.open(path"in.csv", {header = {"x", "y"}}) do print(row.x, row.y) end`, "a	b\nc	d"},
		{"separator", "a;b\n1,5;2\n", `for row in csv.open(path"in.csv", {separator = ";"}) do print(row.a, row.b) end`, "1,5	2"},
		{"tab", "a\tb\n1\t2\n", `for row in csv.open(path"in.csv", {separator = "\t"}) do print(row.a, row.b) end`, "1	2"},
		{"trim", " a , b\n 1 ,\t2\u00a0\n \"3\",4\n", `for row in csv.open(path"in.csv", {trim = true}) do print(row.a .. "|" .. row.b .. "|") end`, "1|2|\n3|4|"},
		{"comment", "# exported\na,b\n# x\n1,2\n", `for row in csv.open(path"in.csv", {comment = "#"}) do print(row.a, row.b) end`, "1	2"},
		{"byte order mark", "\uFEFFa,b\n1,2\n", `print(csv.open(path"in.csv"):read().a)`, "1"},
		{"CRLF and no end", "a,b\r\n1,2\r\n\r\n3,4", `for row in csv.open(path"in.csv") do print(row.a, row.b) end`, "1	2\n3	4"},
		{"line breaks in quotes", "a,b\n\"1\n2\n3\",x\ny,z\n", `local r = csv.open(path"in.csv") for row in r do print(#row.a, row.b, r:line()) end`, "5	x	2\n1	z	5"},
		{"header alone", "a,b\n", `print(csv.open(path"in.csv"):read())`, "nil"},
		{"empty without header", "", `print(csv.open(path"in.csv", {header = false}):read())`, "nil"},
		{"required columns", usersCSV, `print(csv.open(path"in.csv", {columns = {"email", "phone"}}):read().phone)`, "911234567"},
		{"columns of names given", "1\n", `print(csv.open(path"in.csv", {header = {"a"}, columns = {"a"}}):read().a)`, "1"},
		{"close", usersCSV, `local r = csv.open(path"in.csv") r:close() r:close() print(pcall(r.read, r))`, `false	csv.Reader: PATH was closed`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b, folder := inFolder(t, "", map[string]string{"in.csv": test.file}, test.source)
			got := strings.ReplaceAll(b.printed(), filepath.Join(folder, "in.csv"), "PATH")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s\nprinted (-want +got):\n%s", test.source, diff)
			}
		})
	}
}

func TestCSVOpenErrors(t *testing.T) {
	t.Parallel()
	utf16 := "\xFF\xFEa\x00,\x00b\x00\n\x00"
	for _, test := range []struct{ name, file, options, want string }{
		{"missing column", "Phone,cc,e-mail\n", `{columns = {"cc", "phone"}}`, `PATH: has no column "phone", did you mean "Phone"?; its columns are "Phone", "cc", "e-mail"`},
		{"missing, none near", "a\n", `{columns = {"phone"}}`, `PATH: has no column "phone"; its columns are "a"`},
		{"empty", "", `{}`, "PATH: is empty, want a first line with the names of the columns"},
		{"name twice", "a,b,a\n", `{}`, `PATH line 1: columns 1 and 3 are both named "a"`},
		{"no name", "\n\na, ,c\n", `{}`, `PATH line 3: column 2 has no name`},
		{"UTF-16", utf16, `{}`, `PATH: is UTF-16, want UTF-8: save it as "CSV UTF-8"`},
		{"UTF-16 big endian", "\xFE\xFF\x00a", `{}`, `PATH: is UTF-16, want UTF-8: save it as "CSV UTF-8"`},
		{"UTF-16 without mark", utf16[2:], `{}`, `PATH: is UTF-16, want UTF-8: save it as "CSV UTF-8"`},
		{"header not UTF-8", "a,\xe9\n", `{}`, "PATH line 1: column 2 is not UTF-8; is the text in another encoding?"},
		{"separator", "a", `{separator = ";;"}`, `separator must be one character such as ";" or "\t", and no quote or line break, got ";;"`},
		{"separator empty", "a", `{separator = ""}`, `separator must be one character such as ";" or "\t", and no quote or line break, got ""`},
		{"separator quote", "a", `{separator = '"'}`, `separator must be one character such as ";" or "\t", and no quote or line break, got "\""`},
		{"comment", "a", `{comment = "//"}`, `comment must be one character such as ";" or "\t", and no quote or line break, got "//"`},
		{"comment is separator", "a", `{comment = ","}`, `comment must not be the separator`},
		{"header type", "a", `{header = "a"}`, `header must be true, false or a list of names, got a string`},
		{"header of numbers", "a", `{header = {1}}`, `header[1] must be a string, got a number`},
		{"header without names", "a", `{header = {}}`, `header must have at least one name`},
		{"header with a name twice", "a", `{header = {"a", "a"}}`, `header must name every column once: columns 1 and 2 are both named "a"`},
		{"columns without header", "a", `{header = false, columns = {"a"}}`, `columns needs a header, which header = false says there is none of`},
		{"unknown option", "a", `{seperator = ";"}`, `seperator is not known, did you mean "separator"?`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b, folder := inFolder(t, "", map[string]string{"in.csv": test.file}, `print(select(2, pcall(csv.open, path"in.csv", `+test.options+`)))`)
			got := strings.ReplaceAll(b.printed(), filepath.Join(folder, "in.csv"), "PATH")
			if want := "csv.open: " + test.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	b, _ := inFolder(t, "", nil, `print(pcall(csv.open, path"none.csv")) print(pcall(csv.open, path"")) print(pcall(csv.open))`)
	for i, want := range []string{"no such file or directory", "is a folder, want a file", "csv.open: path must be a string, got nil"} {
		if line := strings.Split(b.stdout.String(), "\n")[i]; !strings.HasSuffix(line, want) {
			t.Errorf("got %q, want %q at its end", line, want)
		}
	}
}

// TestCSVFaultyRows reads on after each faulty row, as a batch does that counts it as failed.
func TestCSVFaultyRows(t *testing.T) {
	t.Parallel()
	file := "a,b\n1,2\n1\n3,4\n1,2,3\n5,\x80\n6,7\nx\"y,2\n\"p\"q,2\n8,9\n10,\"open\n11,12\n"
	b, folder := inFolder(t, "", map[string]string{"in.csv": file}, `
		local r = csv.open(path"in.csv")
		while true do
			local ok, row = pcall(r)
			if ok and not row then break end
			print(r:line(), ok and row.a .. " " .. row.b or row)
		end
		print(r:read())`)
	want := `2	1 2
3	csv.Reader: PATH line 3: row has 1 field, want 2: "a", "b"
4	3 4
5	csv.Reader: PATH line 5: row has 3 fields, want 2: "a", "b"
6	csv.Reader: PATH line 6: column "b" is not UTF-8; is the text in another encoding?
7	6 7
8	csv.Reader: PATH line 8: has a quote inside a field at byte 2: put the whole field in quotes, and double those in it
9	csv.Reader: PATH line 9: has a field in quotes that does not end well at byte 3: close it, and double the quotes in it
10	8 9
11	csv.Reader: PATH line 11: has a field in quotes that does not end well at byte 7 (line 12): close it, and double the quotes in it
nil`
	got := strings.ReplaceAll(b.printed(), filepath.Join(folder, "in.csv"), "PATH")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	b, _ = inFolder(t, "", map[string]string{"in.csv": "1,2\n3\n"}, `local r = csv.open(path"in.csv", {header = false}) r() print(pcall(r))`)
	if got, want := b.stdout.String(), "row has 1 field, want 2 as in the first row\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want %q at its end", got, want)
	}
}

// TestCSVEndlessRow has a quote that is never closed in a text larger than a row may be.
func TestCSVEndlessRow(t *testing.T) {
	t.Parallel()
	file := "a\n1\n\"" + strings.Repeat("x\n", csvMaxRow/2+inputBuffer)
	b, _ := inFolder(t, file, nil, `local r = csv.open("-") print(r().a) print(pcall(r)) print(r())`)
	if got, want := b.printed(), "1\nfalse\tcsv.Reader: standard input line 2: the row after it is longer than 16 MiB; is a quote not closed?\nnil"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCSVStandardStreams(t *testing.T) {
	t.Parallel()
	b, _ := inFolder(t, "a comment\n"+usersCSV+"\n", nil, `
		print(io.read())
		local w = csv.create("-", {header = {"phone", "ok"}})
		local r = csv.open("-")
		for row in r do print("--") w:write{phone = row.phone, ok = true} end
		r:close()
		w:close()
		print(io.read("*a") == "")`)
	want := "a comment\nphone,ok\n--\n911234567,true\n--\n4155552671,true\ntrue\n"
	if diff := cmp.Diff(want, b.stdout.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}

// TestCSVMemoryStaysFlat reads 5 MB and counts what is left at the end, and on the way.
func TestCSVMemoryStaysFlat(t *testing.T) {
	var file bytes.Buffer
	file.WriteString("phone,country_code,email\n")
	rows := 0
	for ; file.Len() < 5<<20; rows++ {
		fmt.Fprintf(&file, "9%08d,PT,user%d@example.com\n", rows, rows)
	}
	b := newBench(t, "")
	b.host.Stdin = &file
	b.L.G.Registry.RawSetString(streamsType, lua.LNil) // made anew for this input
	most := uint64(0)
	b.L.SetGlobal("measure", b.L.NewFunction(func(*lua.LState) int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
		return 0
	}))
	b.run(t, `measure()`)
	start := most
	b.run(t, fmt.Sprintf(`
		local n = 0
		for row in csv.open("-") do
			n = n + 1
			if n %% 40000 == 0 then measure() end
		end
		assert(n == %d, n)`, rows))
	if grown := int64(most) - int64(start); grown > 1<<20 {
		t.Errorf("the heap grew by %d KiB, want less than 1024", grown>>10)
	}
}

// FuzzCSV reads any text, and writes what it read so that it reads the same again.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{usersCSV, "a\n\"\"\n", "\"a\nb\",c\n1,2", "\uFEFFa,b\r\n1,2\r\n", "a\n\"x", "a,b\nx\"y,2\n3,4", "a\n\\.\n", "\xff", ",,\n", "a\n \n", "a\n\r\n\"\r\n\""} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	f.Fuzz(func(t *testing.T, text string, trim bool) {
		rows, err := readAllCSV(text, csvFormat{separator: ',', trim: trim})
		if err != nil {
			return
		}
		list := L.NewTable()
		for _, row := range rows {
			list.Append(rowTable(L, nil, row))
		}
		encoded, err := encodeCSV(list, ',', nil, 0)
		if err != nil {
			t.Fatalf("encode of what %q holds: %v", text, err)
		}
		again, err := readAllCSV("\uFEFF"+encoded, csvFormat{separator: ','})
		if err != nil || len(again) != len(rows) {
			t.Fatalf("%q, written as %q: %d rows, want %d, %v", text, encoded, len(again), len(rows), err)
		}
		for i := range rows { // encoding/csv reads CR LF inside quotes as LF
			for j := range rows[i] {
				for strings.Contains(rows[i][j], "\r\n") {
					rows[i][j] = strings.ReplaceAll(rows[i][j], "\r\n", "\n")
				}
				for strings.Contains(again[i][j], "\r\n") {
					again[i][j] = strings.ReplaceAll(again[i][j], "\r\n", "\n")
				}
			}
		}
		if diff := cmp.Diff(rows, again); diff != "" {
			t.Fatalf("%q, written as %q, changed:\n%s", text, encoded, diff)
		}
	})
}

func BenchmarkCSVRead(b *testing.B) {
	text := "phone,country_code,email\n" + strings.Repeat("911234567,PT,ana@example.com\n", 30_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s := newBench(b, text)
		s.run(b, `for row in csv.open("-") do local _ = row.phone end`)
	}
}

// readAllCSV reads rows without names.
func readAllCSV(text string, format csvFormat) ([][]string, error) {
	reader, err := newCSVRows("", bufio.NewReader(strings.NewReader(text)), format)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for {
		record, err := reader.next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, slices.Clone(record))
	}
}
