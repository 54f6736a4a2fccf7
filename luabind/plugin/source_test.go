package plugin

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// write makes files below dir.
func write(t testing.TB, dir string, files ...string) string {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		file := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func wantError(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	first := write(t, t.TempDir(), "notify/init.lua", "first", "empty/readme", "", "Bad Name/init.lua", "")
	second := write(t, t.TempDir(), "notify/init.lua", "second", "guard/init.lua", "g", "guard/lib/rules.lua", "r", "guard/.git/config", "x")
	dirs := []string{first, second}
	s, err := Find(dirs, "notify")
	if err != nil || s.Main() != "first" || s.Dir != filepath.Join(first, "notify") {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = Find(dirs, "guard"); err != nil || len(s.Files) != 2 || !slices.Equal(s.Modules(), []string{"lib.rules"}) {
		t.Errorf("%+v, %v", s, err)
	}
	for _, name := range []string{"lib.rules", "init", "lib", "..lib.rules", "lib/rules", "", "lib..rules"} {
		if _, _, ok := s.Module(name); ok != (name == "lib.rules") {
			t.Errorf("module %q: %t", name, ok)
		}
	}
	_, err = Find(dirs, "gard")
	wantError(t, err, `no plugin "gard": looked in `+first+", "+second+`, did you mean "guard"?`)
	_, err = Find(dirs, "../guard")
	wantError(t, err, "plugin name must be")
	_, err = Find([]string{"plugins"}, "guard")
	wantError(t, err, "must be an absolute path")
	found, err := List(append(dirs, filepath.Join(first, "missing")))
	if err != nil || len(found) != 3 || found[0].Name != "notify" || found[0].Shadowed || found[2].Name != "notify" || !found[2].Shadowed {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestChecksum changes a plugin in every way that counts.
func TestChecksum(t *testing.T) {
	t.Parallel()
	dir := write(t, filepath.Join(t.TempDir(), "p"), "init.lua", "a", "lib/x.lua", "b", "tool.sh", "c")
	open := func() string {
		t.Helper()
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return s.Checksum
	}
	seen := []string{open()}
	if open() != seen[0] {
		t.Fatal("two looks differ")
	}
	for name, change := range map[string]func() error{
		"content": func() error { return os.WriteFile(filepath.Join(dir, "lib/x.lua"), []byte("bb"), 0o644) },
		"name":    func() error { return os.Rename(filepath.Join(dir, "lib/x.lua"), filepath.Join(dir, "lib/y.lua")) },
		"mode":    func() error { return os.Chmod(filepath.Join(dir, "tool.sh"), 0o755) },
		"new":     func() error { return os.WriteFile(filepath.Join(dir, "data.txt"), nil, 0o644) },
		"link":    func() error { return os.Symlink("init.lua", filepath.Join(dir, "link.lua")) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		sum := open()
		if slices.Contains(seen, sum) {
			t.Errorf("%s: the checksum is the same", name)
		}
		seen = append(seen, sum)
	}
	write(t, dir, ".git/HEAD", "x")
	if open() != seen[len(seen)-1] {
		t.Error("version control counts")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	outside := write(t, t.TempDir(), "secret.lua", "s")
	for want, prepare := range map[string]func(dir string) error{
		"is a link to " + outside + "/secret.lua, which is not inside": func(dir string) error { return os.Symlink(outside+"/secret.lua", dir+"/lib.lua") },
		"is a link to ../../.., which is not inside":                   func(dir string) error { return os.Symlink("../../..", dir+"/up") },
		"is a link to gone, which is not inside":                       func(dir string) error { return os.Symlink("gone", dir+"/dangling.lua") },
		"has no init.lua":                                              func(dir string) error { return os.Remove(dir + "/init.lua") },
		"cannot be shown":                                              func(dir string) error { return os.WriteFile(dir+"/a\x1bb", nil, 0o644) },
		"is no path inside":                                            func(dir string) error { return os.WriteFile(dir+`/a\b`, nil, 0o644) },
		"is larger than 32 MiB":                                        func(dir string) error { return os.Truncate(dir+"/init.lua", maxBytes+1) },
		"no such file or directo":                                      func(dir string) error { return os.RemoveAll(dir) },
	} {
		dir := write(t, filepath.Join(t.TempDir(), "p"), "init.lua", "a")
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		_, err := Open(dir)
		wantError(t, err, want)
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	dirs := []string{write(t, t.TempDir(), "notify/init.lua", "a", "notify/lib.lua", "l", "guard/init.lua", "g")}
	file := filepath.Join(t.TempDir(), "state", "plugins.json")
	state, err := ReadState(file)
	if err != nil || len(state.Plugins) != 0 {
		t.Fatal(state, err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	asks := Permissions{Net: []string{"hooks.example.com"}, Env: []string{"A"}}
	for _, name := range []string{"notify", "guard"} {
		source, err := Find(dirs, name)
		if err != nil {
			t.Fatal(err)
		}
		m := &Manifest{Name: name, Version: "1.0", Permissions: asks}
		wantError(t, state.Enable(source, m, Permissions{Exec: []string{"sh"}}, now), `does not ask for the permission exec "sh"`)
		if err := state.Enable(source, m, Permissions{Env: []string{"A"}}, now); err != nil {
			t.Fatal(err)
		}
	}
	if err := state.Write(file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	again, err := ReadState(file)
	if diff := cmp.Diff(state, again); err != nil || diff != "" {
		t.Fatalf("%v (-written +read):\n%s", err, diff)
	}
	recorded, err := Decode("notify/init.lua", "notify", definition())
	if err != nil || state.Remember("absent", recorded) || state.Remember("guard", recorded) || !state.Remember("notify", recorded) || state.Remember("notify", recorded) {
		t.Errorf("Remember: %v", err)
	}
	if err := state.Write(file); err != nil {
		t.Fatal(err)
	}
	again, err = ReadState(file)
	if err != nil || !recorded.Equal(again.Plugins[0].Manifest) || again.Plugins[1].Manifest != nil {
		t.Errorf("%v, %+v", err, again)
	}
	enabled, failures := again.Load(dirs)
	if len(failures) > 0 || enabled[0].Manifest == nil || enabled[1].Manifest != nil || len(enabled) != 2 || enabled[0].Name != "notify" || !slices.Equal(enabled[0].Granted.Env, []string{"A"}) || enabled[0].Granted.Net != nil {
		t.Fatalf("%+v, %v", enabled, failures)
	}

	write(t, dirs[0], "notify/init.lua", "changed", "notify/more.lua", "m")
	if err := os.Remove(filepath.Join(dirs[0], "notify/lib.lua")); err != nil {
		t.Fatal(err)
	}
	enabled, failures = again.Load(dirs)
	if len(enabled) != 1 || enabled[0].Name != "guard" {
		t.Errorf("%+v", enabled)
	}
	changed, ok := errors.AsType[*ChangedError](failures["notify"])
	if !ok || changed.Error() != "plugin notify is not what was enabled (changed: init.lua; new: more.lua; gone: lib.lua); look at it and run: authysh plugin enable notify" {
		t.Errorf("%v", failures)
	}
	link := filepath.Join(t.TempDir(), "link.json")
	if os.Symlink(file, link) == nil { // not everybody may, on some systems
		if err := again.Write(link); err != nil {
			t.Error(err)
		}
		if target, err := os.Readlink(link); err != nil || target != file {
			t.Errorf("the link was replaced: %q, %v", target, err)
		}
	}
	if none, err := ReadState(filepath.Join(file, "plugins.json")); err != nil || len(none.Plugins) != 0 { // below a file
		t.Errorf("%v, %v", none, err)
	}
	if !again.Disable("notify") || again.Disable("notify") {
		t.Error("Disable")
	}
	manifest := func(text string) string {
		return `{"format":1,"plugins":[{"name":"x","checksum":"sha256:1","manifest":{"name":"x","version":"1","summary":"S.",` + text + `}}]}`
	}
	for text, want := range map[string]string{
		manifest(`"name":"y"`):                                          "has the manifest of another plugin for x",
		manifest(`"version":"new"`):                                     "version must be numbers with dots",
		manifest(`"hooks":["before_cal"]`):                              "hooks.before_cal is not known",
		manifest(`"hooks":["on_error","on_error"]`):                     "the manifest of x is not what a plugin defines",
		manifest(`"operations":[{"name":"a b","doc":"D.","effect":1}]`): "operations.a b must be a name in snake_case",
		manifest(`"operations":[{"name":"a","doc":"D.","effect":9}]`):   "operations.a.effect must be one of",
		manifest(`"operations":[{"name":"a","doc":"D.","effect":1,"result":[{"name":"n","type":"x","doc":"n"}]}]`): `operations.a.result[1].type must be one of`,
		manifest(`"formats":["a\u001b[2J"]`): "formats.",
		"{":                                  "unexpected EOF", `{"format": 2}`: "has the format 2", `{"format": 1, "plugin": []}`: "unknown field",
		`{"format":1,"plugins":[{"name":"../x","checksum":"sha256:1"}]}`:                                                                    "plugin name must be",
		`{"format":1,"plugins":[{"name":"x"}]}`:                                                                                             "no checksum",
		`{"format":1,"plugins":[{"name":"x","checksum":"sha256:1"},{"name":"x","checksum":"sha256:1"}]}`:                                    "twice",
		`{"format":1,"plugins":[{"name":"x","checksum":"sha256:1","version":"","enabled":"2026-01-02T03:04:05Z","granted":{"net":["*"]}}]}`: "must name a host",
	} {
		_, err := parseState("plugins.json", []byte(text))
		wantError(t, err, want)
	}
}

// entry is one file of an archive.
type entry struct {
	name, content string
	mode          os.FileMode
	link          string
}

func writeZip(t testing.TB, file string, entries []entry) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		header.SetMode(e.mode)
		w, err := z.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(e.content + e.link))
	}
	if err := errors.Join(z.Close(), os.WriteFile(file, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func writeTar(t testing.TB, file string, entries []entry) {
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	w := tar.NewWriter(g)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: int64(e.mode.Perm()), Size: int64(len(e.content)), Typeflag: tar.TypeReg}
		switch {
		case e.mode.IsDir():
			header.Typeflag = tar.TypeDir
		case e.mode&os.ModeSymlink != 0:
			header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, e.link, 0
		case e.mode&os.ModeIrregular != 0:
			header.Typeflag, header.Linkname, header.Size = tar.TypeLink, e.link, 0
		case e.mode&os.ModeDevice != 0:
			header.Typeflag, header.Size = tar.TypeChar, 0
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if header.Size > 0 {
			_, _ = w.Write([]byte(e.content))
		}
	}
	if err := errors.Join(w.Close(), g.Close(), os.WriteFile(file, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func inspectAs(name string) func(*Source) (*Manifest, error) {
	return func(*Source) (*Manifest, error) { return &Manifest{Name: name, Version: "1.0"}, nil }
}

func TestInstall(t *testing.T) {
	t.Parallel()
	archives := t.TempDir()
	entries := []entry{{"notify-1.0/", "", os.ModeDir | 0o755, ""}, {"notify-1.0/init.lua", "code", 0o644, ""}, {"notify-1.0/bin/tool", "t", 0o755, ""},
		{"notify-1.0/.git/x", "y", 0o644, ""}, {"notify-1.0/.hg/x", "y", 0o644, ""}}
	writeZip(t, archives+"/p.zip", entries)
	writeTar(t, archives+"/p.tar.gz", entries)
	write(t, archives, "src/init.lua", "code", "src/bin/tool", "t", "src/.git/x", "y", "src/.hg/x", "y")
	if err := os.Chmod(archives+"/src/bin/tool", 0o755); err != nil {
		t.Fatal(err)
	}
	var sums []string
	for _, from := range []string{"p.zip", "p.tar.gz", "src"} {
		dir := filepath.Join(t.TempDir(), "plugins")
		s, m, err := Install(dir, filepath.Join(archives, from), inspectAs("notify"), false)
		if err != nil || m.Name != "notify" || s.Name != "notify" || s.Main() != "code" || len(s.Files) != 2 {
			t.Fatalf("%s: %+v, %v", from, s, err)
		}
		sums = append(sums, s.Checksum)
		_, _, err = Install(dir, filepath.Join(archives, from), inspectAs("notify"), false)
		wantError(t, err, "is installed already")
		if _, _, err = Install(dir, filepath.Join(archives, from), inspectAs("notify"), true); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("%s leaves %v", from, left)
		}
	}
	if sums[0] != sums[1] || sums[1] != sums[2] {
		t.Errorf("checksums differ: %v", sums)
	}
	_, _, err := Install(t.TempDir(), archives+"/src", inspectAs("../x"), false)
	wantError(t, err, "plugin name must be")
	_, _, err = Install(t.TempDir(), archives+"/nowhere", inspectAs("x"), false)
	wantError(t, err, "cannot read the plugin")
}

// TestExchangeFails loses the new directory at the last moment.
func TestExchangeFails(t *testing.T) {
	t.Parallel()
	dir := write(t, t.TempDir(), "notify/init.lua", "old")
	if err := exchange(filepath.Join(dir, "gone"), filepath.Join(dir, "notify")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "notify/init.lua")); err != nil || string(text) != "old" {
		t.Errorf("the plugin that was there: %q, %v", text, err)
	}
}

func TestInstallRefuses(t *testing.T) {
	t.Parallel()
	good := entry{"init.lua", "x", 0o644, ""}
	for want, entries := range map[string][]entry{
		`"../evil.lua" is no path inside`:    {good, {"../evil.lua", "x", 0o644, ""}},
		`"a/../../evil" is no path inside`:   {good, {"a/../../evil", "x", 0o644, ""}},
		`"/etc/evil" is no path inside`:      {good, {"/etc/evil", "x", 0o644, ""}},
		`is no path inside of the plugin`:    {good, {`..\evil.lua`, "x", 0o644, ""}},
		`"C:/evil" is no path inside`:        {good, {"C:/evil", "x", 0o644, ""}},
		`"out" is a link or special file`:    {good, {"out", "", os.ModeSymlink | 0o777, "/etc"}},
		`init.lua is there twice`:            {good, good},
		`has no init.lua`:                    {{"a/main.lua", "x", 0o644, ""}, {"b/x", "x", 0o644, ""}},
		`has characters that cannot be show`: {good, {"a\x1b[2J", "x", 0o644, ""}},
	} {
		for _, kind := range []string{"zip", "tar.gz"} {
			file := filepath.Join(t.TempDir(), "p."+kind)
			if kind == "zip" {
				writeZip(t, file, entries)
			} else {
				writeTar(t, file, entries)
			}
			dir := t.TempDir()
			_, _, err := Install(dir, file, inspectAs("p"), false)
			wantError(t, err, want)
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("%s: something was written", want)
			}
		}
	}
	for _, e := range []entry{{"hard", "", os.ModeIrregular, "/etc/passwd"}, {"dev", "", os.ModeDevice, ""}} {
		file := filepath.Join(t.TempDir(), "p.tgz")
		writeTar(t, file, []entry{good, e})
		_, _, err := Install(t.TempDir(), file, inspectAs("p"), false)
		wantError(t, err, "is a link or special file")
	}
	bomb := filepath.Join(t.TempDir(), "bomb.zip")
	writeZip(t, bomb, []entry{good, {"zeros", strings.Repeat("0", maxBytes+1), 0o644, ""}})
	_, _, err := Install(t.TempDir(), bomb, inspectAs("p"), false)
	wantError(t, err, "is larger than 32 MiB")
}
