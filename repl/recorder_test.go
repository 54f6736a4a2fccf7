package repl

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// entered is a session with everything that a script cannot have.
var enteredSession = lines(
	"1 + 1", "x = 20", "=x", "x == 20", "return x", "local y = 3 return y", "'text'", "nil", "-- nothing", "x = = 1", "error('no')",
	"function f(n)", "return n * 2", "end", "f(21)", "(f(1))", "{1}[1]", "api = { key = 'v3ry' }", "'s3cr3t'", ".time off", "function() end",
)

const savedSession = `-- What was entered at the prompt, with the results as comments. Secrets are left out.

_ = 1 + 1
--> 2

x = 20

_ = x
--> 20

_ = x == 20
--> true

_ = x
--> 20

_ = (function()
local y = 3 return y
end)()
--> 3

_ = 'text'
--> "text"

_ = nil
--> nil

-- x = = 1
-- error: syntax error

-- error('no')
-- error: no

function f(n)
  return n * 2
end

_ = f(21)
--> 42

_ = (f(1))
--> 2

-- {1}[1]
-- error: syntax error

api = { key = "***" }

_ = "***"
--> "***"

-- .time off
`

func TestRecordAndSave(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	recorded, saved := filepath.Join(folder, "recorded.lua"), filepath.Join(folder, "saved.lua")
	typed := append(lines(".record "+recorded), enteredSession...)
	typed = append(typed, ".record", ".record other.lua", ".record off", "later = 1", `.save "`+saved+`"`, ".save "+saved, ".save -f "+saved, ".save")
	p := stage(t, typed...)
	p.options.Secrets = func() []string { return []string{"s3cr3t"} }
	got := p.run(t)
	for _, want := range []string{
		"recording into " + recorded, "already recording into", "saved to " + saved, saved + " exists already\nhint: -f ",
		"error: .save: want the name of a file\nhint: usage: .save [-f] <file>",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the screen lacks %q:\n%s", want, got)
		}
	}
	for _, path := range []string{recorded, saved} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if before, _, cut := strings.Cut(text, "\n_ = function() end"); cut {
			text = before
		}
		text = strings.Replace(text, "\n-- .record "+recorded+"\n", "", 1)
		if diff := cmp.Diff(savedSession, text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", filepath.Base(path), diff)
		}
		if strings.Contains(string(data), "later") != (path == saved) {
			t.Errorf("%s: what was entered after the end of the recording is wrong", filepath.Base(path))
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %v, %v; want 0600", path, info.Mode(), err)
		}
		runAsScript(t, path)
	}
}

// runAsScript is authysh FILE.
func runAsScript(t *testing.T, path string) {
	t.Helper()
	L := lua.NewState()
	defer L.Close()
	if err := L.DoFile(path); err != nil {
		t.Fatalf("the recording is no script: %v", err)
	}
	if x, f := L.GetGlobal("x"), L.GetGlobal("f"); x.String() != "20" || f.Type() != lua.LTFunction {
		t.Errorf("the recording leaves x = %s, f = %s", x, f)
	}
}

func TestReplayShowsTheSessionAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "session.lua")
	if err := os.WriteFile(path, []byte("#!/usr/bin/env authysh\n"+savedSession), 0o600); err != nil {
		t.Fatal(err)
	}
	got := stage(t, ".replay "+path).run(t)
	want := `lua> 1 + 1
2
lua> x = 20
lua> x
20
lua> x == 20
true
lua> x
20
lua> (function()
 ... local y = 3 return y
 ... end)()
3
lua> 'text'
"text"
lua> nil
nil
lua> function f(n)
 ...   return n * 2
 ... end
lua> f(21)
42
lua> (f(1))
2
lua> api = { key = "***" }
lua> "***"
"***"
lua> 
`
	_, got, _ = strings.Cut(got, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the screen differs (-want +got):\n%s", diff)
	}
}

func TestLoadAndReplayErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "broken.lua")
	if err := os.WriteFile(path, []byte("#!lua\na = 1\n\nerror('no')\nb = 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := stage(t, ".load "+path, "a, b", ".replay "+path, ".load "+folder, ".load", ".load ~/broken.lua", "a").run(t)
	want := strings.NewReplacer("PATH", path, "FOLDER", folder).Replace(`lua> .load PATH
error: PATH:4: no
    4 | error('no')
(.trace shows the calls that led there)
lua x> a, b
1
nil
lua> .replay PATH
lua> a = 1
lua> error('no')
error: PATH, line 4: no
(.trace shows the calls that led there)
lua x> .load FOLDER
error: cannot read FOLDER: it is a directory
lua x> .load
error: .load: want the name of a file
hint: usage: .load <file>
lua x> .load ~/broken.lua
error: open ~/broken.lua: no such file or directory
lua x> a
1
lua> 
`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the screen differs (-want +got):\n%s", diff)
	}
}

func TestRecorderIsBounded(t *testing.T) {
	t.Parallel()
	r := newRecorder(asIs)
	for range 6 {
		r.add(strings.Repeat("x", recordedBytes/4))
	}
	var size int
	for _, block := range r.blocks {
		size += len(block)
	}
	if size > recordedBytes || size == 0 {
		t.Errorf("%d bytes are kept, want at most %d", size, recordedBytes)
	}
}

func TestHeadOfALongResult(t *testing.T) {
	t.Parallel()
	got := head(strings.Repeat("row\n", recordedRows+2) + "last")
	if want := strings.Repeat("row\n", recordedRows) + "... 3 rows more"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	whole := strings.Repeat("row\n", recordedRows-1) + "last"
	if got := head(whole); got != whole {
		t.Errorf("got %q of a short result", got)
	}
}

func FuzzRecorder(f *testing.F) {
	f.Add("x = 1", "", true)
	f.Add("error('a\nb')", "a\nb", false)
	f.Add("--[[ x ]] return 1", "1", true)
	f.Add("]] --[==[", "]]\n--[[\r\nx", false)
	f.Fuzz(func(t *testing.T, src, shown string, fine bool) {
		r := newRecorder(asIs)
		var err error
		if !fine {
			err = &luaFailure{message: shown}
			shown = ""
		}
		r.chunk(src, shown, err)
		if fine {
			return
		}
		for line := range bytes.Lines([]byte(strings.Join(r.blocks, ""))) {
			if !bytes.HasPrefix(line, []byte("-- ")) {
				t.Errorf("a failed chunk %q left the line %q", src, line)
			}
		}
	})
}
