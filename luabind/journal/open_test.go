package journal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestOpenNew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	j := open(t, path)
	if j.Resumed() || j.ScriptChanged() || j.Counts() != (Totals{}) {
		t.Errorf("a new journal: resumed %v, script changed %v, counts %+v", j.Resumed(), j.ScriptChanged(), j.Counts())
	}
	info, err := os.Stat(path)
	check(t, err)
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: others can read the phone numbers", info.Mode())
	}
	check(t, j.Close())
	check(t, j.Close())
	changed := someHeader
	changed.Script.SHA256 = "5d"
	for _, want := range []bool{true, false} {
		j, err = Open(t.Context(), path, changed)
		check(t, err)
		if !j.Resumed() || j.ScriptChanged() != want {
			t.Errorf("resumed %v, script changed %v, want %v", j.Resumed(), j.ScriptChanged(), want)
		}
		if h := j.Header(); h.Script.SHA256 != "5c" || h.Created.IsZero() || strings.Join(h.Columns, " ") != "phone email" {
			t.Errorf("header %+v", h)
		}
		check(t, j.Close())
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, test := range []struct {
		name, text string
		want       string // in the message
	}{
		{"csv", "phone,email\n1,2\n", "is not a journal"},
		{"json", `{"a":1}` + "\n", "is not a journal"},
		{"text without an end", "phone", "is not a journal"},
		{"zeros", strings.Repeat("\x00", 1<<20), "is not a journal"},
		{"endless", strings.Repeat("x", maxRecord+1), "is not a journal"},
		{"newer", `{"journal":"authysh batch","version":2,"extra":true}` + "\n", "version 2, and this program knows version 1"},
		{"bad header", `{"journal":"authysh batch","version":1,"created":5}` + "\n", "damaged first line"},
		{"bad line", headerText + beginRow + "{}\n" + doneRow, "line 3 is damaged: it is no event"},
		{"lost part", headerText + beginRow + "{\"n\":1\x00\x00\x00\n" + doneRow, "line 3 is damaged: the disk lost a part"},
		{"bad last line", headerText + beginRow + "{\"n\":\n", "line 3 is damaged"},
		{"empty line", headerText + "\n", "line 2 is damaged"},
		{"row 0", headerText + `{"n":0,"ev":"done"}` + "\n", "line 2"},
		{"row too high", headerText + `{"n":4294967296,"ev":"done"}` + "\n", "line 2"},
		{"row no number", headerText + `{"n":"1","ev":"done"}` + "\n", "line 2"},
		{"unknown event", headerText + `{"n":1,"ev":"dome"}` + "\n", "line 2"},
		{"key no string", headerText + `{"n":1,"ev":"done","key":1}` + "\n", "line 2"},
		{"repeatable no truth", headerText + `{"n":1,"ev":"failed","repeatable":1}` + "\n", "line 2"},
		{"step without name", headerText + `{"n":1,"ev":"step"}` + "\n", "line 2"},
		{"call without name", headerText + `{"n":1,"ev":"call"}` + "\n", "line 2"},
		{"array", headerText + `[1]` + "\n", "line 2"},
		{"deep", headerText + `{"n":1,"ev":"done","result":` + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20) + "}\n", "line 2"},
		{"long line", headerText + `{"n":1,"ev":"done","result":"` + strings.Repeat("x", maxRecord) + "\"}\n", "line 2 has more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(folder, strings.ReplaceAll(test.name, " ", "_"))
			write(t, path, test.text)
			_, err := Open(t.Context(), path, someHeader)
			if _, ok := errors.AsType[*FormatError](err); !ok || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a FormatError with %q", err, test.want)
			}
			if got := read(t, path); got != test.text {
				t.Errorf("the file was changed")
			}
			if _, err := Summarize(t.Context(), path); err == nil {
				t.Errorf("Summarize takes it")
			}
		})
	}
}

func TestOpenPlaces(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	_, err := Open(t.Context(), filepath.Join(folder, "missing", "j"), someHeader)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "there is no folder "+filepath.Join(folder, "missing")) {
		t.Errorf("missing folder: %v", err)
	}
	if _, err = Open(t.Context(), folder, someHeader); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("folder: %v", err)
	}
	if runtime.GOOS != "windows" {
		if _, err = Open(t.Context(), os.DevNull, someHeader); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("device: %v", err)
		}
	}
	for what, err := range map[string]error{
		"Summarize": func() error { _, err := Summarize(t.Context(), filepath.Join(folder, "no")); return err }(),
		"Compact":   func() error { _, _, err := Compact(t.Context(), filepath.Join(folder, "no")); return err }(),
	} {
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "there is no such journal") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "no")); err == nil {
		t.Error("a look made the file")
	}
	if os.Getuid() > 0 {
		check(t, os.Chmod(folder, 0o500))
		_, err = Open(t.Context(), filepath.Join(folder, "j"), someHeader)
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "where you may write") {
			t.Errorf("read-only folder: %v", err)
		}
		check(t, os.Chmod(folder, 0o700))
	}
}

func TestOpenCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, lines(t, doneRow), someHeader); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	file := someHeader
	file.Source = Source{Name: "users.csv", Size: 10, SHA256: "aa"}
	with := func(change func(*Header)) Header {
		h := file
		change(&h)
		return h
	}
	for _, test := range []struct {
		name     string
		was, now Header
		want     string // empty if they go together
	}{
		{"same", file, file, ""},
		{"moved", file, with(func(h *Header) { h.Source.Name = "old/users.csv" }), ""},
		{"size", file, with(func(h *Header) { h.Source.Size = 12 }), "it had 10 bytes, and has 12"},
		{"contents", file, with(func(h *Header) { h.Source.SHA256 = "ab" }), "its contents changed"},
		{"key", file, with(func(h *Header) { h.Key = "email" }), `the key was column "phone", and is column "email"`},
		{"key function", file, with(func(h *Header) { h.Key = "" }), `is a function`},
		{"no file now", file, someHeader, "nothing that can be compared"},
		{"no file before", someHeader, file, "no file that can be compared"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "j")
			j, err := Open(t.Context(), path, test.was)
			check(t, err)
			check(t, j.Begin(1, "k", nil).Done(nil))
			if err := j.Check(1, "other"); (err == nil) != (test.was.Source.SHA256 != "") {
				t.Errorf("Check: %v", err)
			}
			check(t, j.Close())
			j, err = Open(t.Context(), path, test.now)
			if err == nil {
				check(t, j.Close())
			}
			changed, ok := errors.AsType[*ChangedError](err)
			if ok != (test.want != "") || ok && !strings.Contains(changed.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	path := lines(t, "")
	j := open(t, path)
	check(t, j.Begin(1, "caf\xe9", nil).Done(nil))
	check(t, j.Skip(2, "+351911234567", "duplicate"))
	check(t, j.Begin(3, "", nil).Done(nil))
	check(t, j.Close())
	for _, how := range []string{"as written", "compacted"} {
		if how == "compacted" {
			_, _, err := Compact(t.Context(), path)
			check(t, err)
		}
		j = open(t, path)
		for n, key := range map[int64]string{1: "caf\xe9", 2: "+351911234567", 3: "anything", 4: "new", 1 << 40: "far"} {
			if err := j.Check(n, key); err != nil {
				t.Errorf("%s: row %d: %v", how, n, err)
			}
		}
		if _, ok := errors.AsType[*ChangedError](j.Check(2, "+351911234568")); !ok {
			t.Errorf("%s: another key was not noticed", how)
		}
		check(t, j.Close())
	}
}

// TestTornTail cuts a journal at every byte: it always opens, and knows what the whole lines say.
func TestTornTail(t *testing.T) {
	t.Parallel()
	whole := `{"journal":"authysh batch","version":1,"key":"phone"}
{"n":1,"ev":"started"}
{"n":1,"ev":"call","op":"sms"}
{"n":1,"ev":"step","step":"a"}
{"n":2,"ev":"done","key":"ü"}
{"n":1,"ev":"done"}
`
	path := filepath.Join(t.TempDir(), "j")
	for size := range len(whole) + 1 {
		text := whole[:size]
		write(t, path, text)
		if _, err := Summarize(t.Context(), path); (err == nil) != strings.Contains(text, "\n") {
			t.Fatalf("cut at %d: Summarize: %v", size, err)
		}
		j, err := Open(t.Context(), path, someHeader)
		if err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		kept := text[:strings.LastIndexByte(text, '\n')+1]
		if got, want := j.Resumed(), kept != ""; got != want {
			t.Fatalf("cut at %d: resumed %v", size, got)
		}
		want := Unseen
		switch n := strings.Count(kept, "\n"); {
		case n == 2, n == 4, n == 5:
			want = Interrupted
		case n == 3:
			want = InDoubt
		case n == 6:
			want = Done
		}
		if got := j.Status(1); got != want {
			t.Fatalf("cut at %d: status %v, want %v", size, got, want)
		}
		check(t, j.Close())
		if got := read(t, path); !strings.HasPrefix(got, kept) || !strings.HasSuffix(got, "\n") {
			t.Fatalf("cut at %d: left %q", size, got)
		}
	}
}
