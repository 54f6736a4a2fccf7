package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// aRun is a journal with rows of every kind.
const aRun = `
	{"n":1,"at":"2026-08-01T10:00:01.000Z","ev":"started","key":"+1","row":{"phone":"+1","email":"a,b"}}
	{"n":2,"at":"2026-08-01T10:00:01.000Z","ev":"started","key":"+2","row":{"phone":"+2"}}
	{"n":2,"ev":"call","op":"request_sms","effect":"sends","repeatable":false}
	{"n":1,"ev":"call","op":"request_sms","effect":"sends","repeatable":false}
	{"n":9,"ev":"started","key":"+9","row":{"phone":"+9"}}
	{"n":9,"ev":"failed","error":{"kind":"api","code":60003,"message":"late"},"repeatable":false}
	{"n":1,"ev":"failed","error":{"kind":"api","code":60003,"message":"user is unknown"},"repeatable":false}
	{"n":3,"ev":"started","key":"+3","row":{"phone":"+3"}}
	{"n":3,"ev":"failed","error":{"kind":"network","message":"gone"},"repeatable":true}
	{"n":4,"ev":"started","key":"+4","row":{"phone":"+4"}}
	{"n":4,"ev":"failed","error":{"kind":"network","message":"gone"},"repeatable":true}
	{"n":5,"ev":"started","key":"+5","row":[1]}
	{"n":5,"ev":"call","op":"request_call","effect":"sends","repeatable":false}
	{"n":5,"ev":"doubt","error":"odd"}
	{"at":"2026-08-01T10:05:00.000Z","ev":"ended","totals":{"done":0}}
	{"at":"2026-08-01T11:00:00.000Z","ev":"resumed","script":{"name":"mended.lua","sha256":"5d"}}
	{"n":4,"ev":"started","key":"+4","row":{"phone":"+4"}}
	{"n":4,"ev":"done","result":{"id":4}}
	{"n":6,"ev":"skipped","key":"+1","reason":"duplicate"}
	{"n":7,"at":"2026-08-01T11:00:05.000Z","ev":"started","key":"+7"}
	{"n":7,"ev":"step","step":"a","result":1}
`

func TestSummarize(t *testing.T) {
	t.Parallel()
	path := lines(t, aRun)
	for _, how := range []string{"as written", "torn", "compacted"} {
		switch how {
		case "torn":
			write(t, path, read(t, path)+`{"n":3,"ev":"done"`)
		case "compacted":
			_, _, err := Compact(t.Context(), path)
			check(t, err)
		}
		s, err := Summarize(t.Context(), path)
		check(t, err)
		if want := (Totals{Done: 1, Failed: 3, InDoubt: 2, Interrupted: 1, Skipped: 1}); s.Totals != want {
			t.Errorf("%s: totals %+v, want %+v", how, s.Totals, want)
		}
		got := []string{
			s.Script.Name, s.Header.Script.Name, s.Header.Source.Name, s.Header.Created.Format("15:04:05"), s.Last.Format("15:04:05"),
			fmt.Sprint(s.Sessions, " sessions, ended ", s.Ended),
		}
		for _, g := range s.Errors {
			_, _, message := g.Example.Failure()
			got = append(got, fmt.Sprintf("%d × %s/%s: row %d, %s: %s", g.Count, g.Kind, g.Code, g.Example.N, g.Example.Key, message))
		}
		want := []string{
			"mended.lua", "enrol.lua", "users", "10:00:00", "11:00:05", "2 sessions, ended false",
			"2 × api/60003: row 1, +1: user is unknown", "1 × network/: row 3, +3: gone", "1 × /: row 5, +5: odd",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", how, diff)
		}
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	path := lines(t, aRun)
	for _, test := range []struct {
		filter []Status
		want   []string
	}{
		{[]Status{Failed}, []string{
			`1 +1 failed false {"phone":"+1","email":"a,b"} {"kind":"api","code":60003,"message":"user is unknown"} request_sms`,
			`3 +3 failed true {"phone":"+3"} {"kind":"network","message":"gone"} `,
			`9 +9 failed false {"phone":"+9"} {"kind":"api","code":60003,"message":"late"} `,
		}},
		{[]Status{InDoubt}, []string{
			`2 +2 in doubt false {"phone":"+2"}  request_sms`,
			`5 +5 in doubt false [1] "odd" request_call`,
		}},
		{[]Status{Done, Skipped, Interrupted}, []string{
			`4 +4 done false {"phone":"+4"}  `,
			`6 +1 skipped false   `,
			`7 +7 interrupted false   `,
		}},
	} {
		var got []string
		for r, err := range Rows(t.Context(), path, test.filter...) {
			check(t, err)
			got = append(got, fmt.Sprintf("%d %s %v %v %s %s %s", r.N, r.Key, r.Status, r.Repeatable, r.Row, r.Error, r.Op))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v: %s", test.filter, diff)
		}
	}
	for r, err := range Rows(t.Context(), path, Done) {
		if err != nil || string(r.Result) != `{"id":4}` {
			t.Errorf("%+v, %v", r, err)
		}
	}
	for range Rows(t.Context(), path) {
		break // a loop may end early
	}
	for _, err := range Rows(t.Context(), filepath.Join(t.TempDir(), "no"), Failed) {
		if err == nil {
			t.Error("a missing journal has rows")
		}
	}
}

func TestCompact(t *testing.T) {
	t.Parallel()
	again := `
		{"n":3,"ev":"started","key":"+3","row":{"phone":"+3","mended":true}}
		{"n":3,"ev":"call","op":"get_user_status","effect":"reads","repeatable":true}
		{"n":3,"ev":"failed","error":{"kind":"network","message":"gone again"},"repeatable":true}
	`
	path := lines(t, aRun+again)
	check(t, os.Chmod(path, 0o640))
	write(t, path+".compact", "left behind by a killed run") // is overwritten
	before, after, err := Compact(t.Context(), path)
	check(t, err)
	text := read(t, path)
	if int(after) != len(text) || before <= after {
		t.Errorf("sizes %d and %d, and the file has %d bytes", before, after, len(text))
	}
	for _, want := range []string{headerText, `{"n":4,"ev":"done","result":{"id":4},"key":"+4"}` + "\n", `gone again`, `{"n":7,"ev":"step"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is lost:\n%s", want, text)
		}
	}
	for _, gone := range []string{`"gone"`, "get_user_status", `{"phone":"+4"}`} {
		if strings.Contains(text, gone) {
			t.Errorf("%s is still there:\n%s", gone, text)
		}
	}
	info, err := os.Stat(path)
	check(t, err)
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v", info.Mode())
	}
	if _, again, err := Compact(t.Context(), path); err != nil || again != after {
		t.Errorf("compacting again: %d bytes, %v", again, err)
	}
	if left, _ := filepath.Glob(path + ".*"); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestCompactLink(t *testing.T) {
	t.Parallel()
	path := lines(t, aRun)
	link := filepath.Join(filepath.Dir(path), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no links here")
	}
	_, after, err := Compact(t.Context(), link)
	check(t, err)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v", err)
	}
	if got := len(read(t, path)); got != int(after) {
		t.Errorf("the journal has %d bytes, want %d", got, after)
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	write(t, path, "")
	_, err := Summarize(t.Context(), path)
	if format, ok := errors.AsType[*FormatError](err); !ok || !strings.Contains(format.Error(), "is empty") {
		t.Errorf("Summarize: %v", err)
	}
	if _, _, err := Compact(t.Context(), path); err == nil {
		t.Error("Compact takes an empty file")
	}
	check(t, open(t, path).Close())
	s, err := Summarize(t.Context(), path)
	check(t, err)
	if s.Sessions != 1 || !s.Last.IsZero() || s.Totals != (Totals{}) {
		t.Errorf("a new journal: %+v", s)
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.csv")
	write(t, path, "abc")
	got, err := Fingerprint(t.Context(), path)
	check(t, err)
	if want := (Source{"users.csv", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, err := Fingerprint(t.Context(), filepath.Dir(path)); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Fingerprint(t.Context(), path+"x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
	if runtime.GOOS != "windows" {
		if got, err := Fingerprint(t.Context(), os.DevNull); err != nil || got.SHA256 != "" {
			t.Errorf("a device: %+v, %v", got, err)
		}
	}
}

// TestOperationInDoubt has a row that ended with a lost answer, and then undid what came before.
func TestOperationInDoubt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	h := Header{Source: Source{Name: "a file", SHA256: "00"}}
	j, err := Open(t.Context(), path, h)
	if err != nil {
		t.Fatal(err)
	}
	e := j.Begin(1, "k", nil)
	for _, op := range []string{"request_sms", "delete_user"} {
		if err := e.Call(t.Context(), Call{Op: op, Effect: "sends"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Doubt([]byte(`{"kind":"timeout","op":"request_sms"}`)); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for row, err := range Rows(t.Context(), path, InDoubt) {
		if err != nil || row.Op != "request_sms" {
			t.Errorf("in doubt is %s, %v, want request_sms", row.Op, err)
		}
	}
}
