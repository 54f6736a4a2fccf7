package luabind

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authysh/authysh/luabind/plugin"
)

// runner is a plugin whose operation runs code, with permissions.
func runner(t testing.TB, code string, granted plugin.Permissions, dataDir string) *pluginBench {
	t.Helper()
	if err := granted.Check(); err != nil {
		t.Fatal(err)
	}
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "p", definition("p", "", `operations = {
		go = { doc = "Go.", effect = "reads", run = function() local out = {}
			local function show(...) local parts = {} for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end out[#out + 1] = table.concat(parts, " ") end
			local function try(f, ...) show(pcall(f, ...)) end
			`+code+` return { text = table.concat(out, "\n") } end } }`), func(e *plugin.Enabled) { e.Granted, e.DataDir = granted, dataDir })})
	if err := b.rt.PluginError(); err != nil {
		t.Fatal(err)
	}
	return b
}

const runGo = `local r, err = p.try.go() print(r and r.text or err)`

func TestPluginEnv(t *testing.T) {
	t.Setenv("NOTIFY_URL", "https://hooks.example.com/x")
	t.Setenv("AUTHY_KEY", secretKey)
	b := runner(t, `show(env.get("NOTIFY_URL"), env.get("NOT_SET")) try(env.get, "HOME") try(env.get, "AUTHY_KEY") try(env.get, "NOTIFY_URL\0") try(env.get)`,
		plugin.Permissions{Env: []string{"NOTIFY_URL", "NOT_SET"}}, "")
	wantText(t, "env", b.run(t, runGo), `https://hooks.example.com/x nil
false env.get: "HOME" is not permitted: the plugin has no permission env for it
false env.get: "AUTHY_KEY" is not permitted: the plugin has no permission env for it
false env.get: "NOTIFY_URL\x00" is not permitted: the plugin has no permission env for it
false env.get: name must be a string, got nil`)
}

func TestPluginExec(t *testing.T) {
	t.Setenv("AUTHY_KEY", secretKey)
	t.Setenv("SEEN", "yes")
	dir := t.TempDir()
	b := runner(t, `
		local r = exec.run("cat", { "-" }, { stdin = "a;b $(c)" }) show(r.code, r.stdout)
		show(exec.run("printf", { "%s|", "a b", "$HOME", "; ls" }).stdout)
		local e = exec.run("env").stdout show(e:find("AUTHY", 1, true), e:find("SEEN=yes", 1, true) ~= nil)
		show(exec.run("pwd").stdout:gsub("%s", ""), "")
		show(exec.run("false").code)
		try(exec.run, "sh", { "-c", "id" }) try(exec.run, "/bin/cat", { "/etc/passwd" }) try(exec.run, "cat; sh") try(exec.run, "../cat") try(exec.run, "cat", { print })
		show(#exec.run("head", { "-c", "3000000", "/dev/zero" }).stdout)
		show(pcall(exec.run, "sleep", { "20" }, { timeout = "50ms" }))`,
		plugin.Permissions{Exec: []string{"cat", "printf", "env", "pwd", "false", "head", "sleep"}, Env: []string{"SEEN"}}, dir)
	got := b.run(t, runGo)
	want := []string{"0 a;b $(c)", "a b|$HOME|; ls|", "nil true", dir, "1", `"sh" is not permitted`, `"/bin/cat" is not permitted`, `"cat; sh" is not permitted`,
		`"../cat" is not permitted`, "item 1 is none", "1048576", "sleep\": context deadline exceeded"}
	lines := strings.Split(got, "\n")
	if len(lines) != len(want) {
		t.Fatalf("printed\n%s", got)
	}
	for i, w := range want {
		if !strings.Contains(lines[i], w) {
			t.Errorf("line %d is %q, want %q", i+1, lines[i], w)
		}
	}
}

func TestPluginFiles(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	data, outside, read := filepath.Join(top, "data"), filepath.Join(top, "outside"), filepath.Join(top, "read")
	for _, dir := range []string{data, outside, read, filepath.Join(read, "sub")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(outside, "secret"), []byte("s3cr3t"), 0o600))
	must(os.WriteFile(filepath.Join(read, "a.txt"), []byte("fine"), 0o600))
	must(os.Symlink(filepath.Join(outside, "secret"), filepath.Join(read, "link")))
	must(os.Symlink(outside, filepath.Join(read, "dirlink")))
	must(os.Symlink("../outside/secret", filepath.Join(read, "uplink")))
	must(os.Symlink("a.txt", filepath.Join(read, "inner")))
	must(os.Symlink(filepath.Join(outside, "secret"), filepath.Join(data, "linked.log")))
	must(os.Symlink("other.log", filepath.Join(data, "sibling.log")))
	must(os.WriteFile(filepath.Join(data, "other.log"), []byte("others"), 0o600))
	must(os.Link(filepath.Join(read, "a.txt"), filepath.Join(read, "hard")))
	must(makeFIFO(filepath.Join(read, "fifo")))
	b := runner(t, strings.ReplaceAll(`
		show(fs.read("READ/a.txt"), fs.read("READ/inner"), fs.read("READ/none"), table.concat(fs.list("READ"), " "), fs.list("READ/none"))
		for _, path in ipairs{ "READ/link", "READ/dirlink/secret", "READ/uplink", "READ/../outside/secret", "READ/sub/../../outside/secret", "OUT/secret", "READ/fifo", "READ/sub",
			"/etc/passwd", "/proc/self/environ", "../outside/secret", "linked.log", "sibling.log", "other.log", "READ/a.txt\0", "~/x", "" } do
			local ok, text = pcall(fs.read, path) show(ok and text, path)
		end
		fs.append("audit.log", "one\n") fs.append("audit.log", "two\n") fs.write("tmp/x/y", "deep") show(fs.read("audit.log"), fs.read("tmp/x/y"))
		for _, path in ipairs{ "READ/a.txt", "READ/new", "linked.log", "sibling.log", "other.log", "tmp/../other.log", "tmp/../../outside/secret", "OUT/secret", "/tmp/x" } do
			show(pcall(fs.write, path, "owned") and "WRITTEN", path)
		end
		show(pcall(fs.write, "audit.log", 5)) show(pcall(fs.list, "READ/a.txt")) show(pcall(fs.list, "OUT"))`, "READ", read),
		plugin.Permissions{Read: []string{read}, Write: []string{"audit.log", "linked.log", "sibling.log", "tmp"}}, data)
	got := strings.ReplaceAll(strings.ReplaceAll(b.run(t, strings.ReplaceAll(runGo, "OUT", outside)), read, "READ"), outside, "OUT")
	for line := range strings.Lines(got) {
		switch {
		case strings.HasPrefix(line, "fine fine nil "), strings.HasPrefix(line, "one\n"), strings.HasPrefix(line, "two"), line == " deep\n", strings.HasPrefix(line, "false "):
		default:
			t.Errorf("escaped: %q", line)
		}
	}
	if !strings.HasPrefix(got, "fine fine nil a.txt dirlink fifo hard inner link sub/ uplink nil\n") || !strings.Contains(got, "two\n deep") {
		t.Errorf("printed\n%s", got)
	}
	for file, want := range map[string]string{outside + "/secret": "s3cr3t", data + "/other.log": "others", read + "/a.txt": "fine", data + "/audit.log": "one\ntwo\n"} {
		if text, err := os.ReadFile(file); err != nil || string(text) != want {
			t.Errorf("%s is %q, %v", file, text, err)
		}
	}
}

// pretend gives a plugin's web another resolver, and dials all addresses at one server. Reached are the addresses.
func pretend(b *pluginBench, server *httptest.Server, names map[string]string) (reached *atomic.Value) {
	reached = &atomic.Value{}
	w := b.rt.plugins.loaded()[0].web
	w.resolve = func(_ context.Context, _, host string) ([]netip.Addr, error) {
		var list []netip.Addr
		for _, text := range strings.Fields(names[host]) {
			list = append(list, netip.MustParseAddr(text))
		}
		if list == nil {
			return nil, errors.New("no such host")
		}
		return list, nil
	}
	w.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		reached.Store(address)
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
	return reached
}

func TestPluginHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			return
		}
		if r.URL.Path == "/large" {
			_, _ = w.Write(make([]byte, maxOutput+1))
			return
		}
		w.Header().Set("X-Test", "yes")
		w.WriteHeader(http.StatusCreated)
		body := make([]byte, 100)
		n, _ := r.Body.Read(body)
		fmt.Fprintf(w, "%s %s %s %s %s", r.Method, r.Host, r.URL.Path, r.Header.Get("Content-Type"), body[:n])
	}))
	t.Cleanup(server.Close)
	names := map[string]string{
		"ok.example.com": "93.184.216.34", "two.example.com": "10.0.0.1 93.184.216.34", "loop.example.com": "127.0.0.1", "loop6.example.com": "::1",
		"mapped.example.com": "::ffff:127.0.0.1", "meta.example.com": "169.254.169.254", "lan.example.com": "192.168.1.1", "nat.example.com": "64:ff9b::7f00:1",
		"zero.example.com": "0.0.0.0", "intranet.corp": "10.1.1.1", "metaprivate.corp": "169.254.169.254", "other.com": "93.184.216.34",
	}
	granted := plugin.Permissions{Net: []string{"http://ok.example.com", "http://two.example.com", "http://loop.example.com", "http://loop6.example.com", "http://mapped.example.com",
		"http://meta.example.com", "http://lan.example.com", "http://nat.example.com", "http://zero.example.com", "private:http://intranet.corp", "private:http://metaprivate.corp",
		"http://gone.example.com", "secure.example.com", "http://10.9.9.9"}}
	for _, test := range []struct{ code, want, reached string }{
		{`local r = http.get("http://ok.example.com/a") show(r.status, r.headers["x-test"], r.body)`, "201 yes GET ok.example.com /a  ", "93.184.216.34:80"},
		{`show(http.post("http://ok.example.com/a", { json = { a = 1 } }).body)`, `POST ok.example.com /a application/json {"a":1}`, "93.184.216.34:80"},
		{`show(http.post("http://ok.example.com/a", { form = { a = "b c" } }).body)`, `POST ok.example.com /a application/x-www-form-urlencoded a=b+c`, "93.184.216.34:80"},
		{`show(http.request{ url = "http://ok.example.com/a", body = "x", headers = { ["Content-Type"] = "t/x" } }.body)`, `POST ok.example.com /a t/x x`, "93.184.216.34:80"},
		{`show(http.get("http://two.example.com/a").status)`, "201", "93.184.216.34:80"},
		{`show(http.get("http://intranet.corp/a").status)`, "201", "10.1.1.1:80"},
		{`show(http.get("http://10.9.9.9/a").status)`, "201", "10.9.9.9:80"},
		{`show(http.get("http://ok.example.com/?to=http://intranet.corp/b").body)`, "GET intranet.corp /b  ", "10.1.1.1:80"},
		// Names that lead inside.
		{`try(http.get, "http://loop.example.com/")`, "in no public network", ""},
		{`try(http.get, "http://loop6.example.com/")`, "in no public network", ""},
		{`try(http.get, "http://mapped.example.com/")`, "in no public network", ""},
		{`try(http.get, "http://meta.example.com/")`, "in no public network", ""},
		{`try(http.get, "http://metaprivate.corp/")`, "in no public network", ""},
		{`try(http.get, "http://lan.example.com/")`, "in no public network", ""},
		{`try(http.get, "http://nat.example.com/")`, "in no public network", ""},
		{`try(http.get, "http://zero.example.com/")`, "in no public network", ""},
		{`try(http.get, "http://gone.example.com/")`, "no such host", ""},
		// Hosts that are not granted.
		{`try(http.get, "http://other.com/")`, `"http://other.com" is not permitted`, ""},
		{`try(http.get, "http://127.0.0.1/")`, `is not permitted`, ""},
		{`try(http.get, "http://2130706433/")`, `is not permitted`, ""},
		{`try(http.get, "http://localhost/")`, `is not permitted`, ""},
		{`try(http.get, "http://ok.example.com:8080/")`, `is not permitted`, ""},
		{`try(http.get, "http://secure.example.com/")`, `is not permitted`, ""},
		{`try(http.get, "http://ok.example.com@other.com/")`, `user and password`, ""},
		{`try(http.get, "http://ok.example.com.other.com/")`, `is not permitted`, ""},
		{`try(http.get, "file:///etc/passwd")`, `url must be absolute`, ""},
		{`try(http.get, "gopher://ok.example.com/")`, `url must be absolute`, ""},
		{`try(http.get, "//ok.example.com/")`, `url must be absolute`, ""},
		// Redirects.
		{`try(http.get, "http://ok.example.com/?to=http://other.com/")`, `"http://other.com" is not permitted`, "93.184.216.34:80"},
		{`try(http.get, "http://ok.example.com/?to=http://127.0.0.1/")`, `is not permitted`, "93.184.216.34:80"},
		{`try(http.get, "http://ok.example.com/?to=http://loop.example.com/")`, `in no public network`, "93.184.216.34:80"},
		{`try(http.get, "http://ok.example.com/?to=file:///etc/passwd")`, `is not permitted`, "93.184.216.34:80"},
		{`try(http.get, "http://ok.example.com/?to=/?to=/?to=/?to=/?to=/?to=/?to=/")`, "", "93.184.216.34:80"},
		// What is sent.
		{`try(http.get, "http://ok.example.com/", { headers = { Host = "other.com" } })`, `headers.Host is set by the client itself`, ""},
		{`try(http.get, "http://ok.example.com/", { headers = { ["x-a"] = "b\r\nHost: evil" } })`, `invalid header field value`, ""},
		{`try(http.get, "http://ok.example.com/a\r\nb")`, `url must be absolute`, ""},
		{`try(http.request, { method = "CONNECT", url = "http://ok.example.com/" })`, `method must be one of`, ""},
		{`try(http.post, "http://ok.example.com/", { body = "a", json = {} })`, `exclude each other`, ""},
		{`try(http.get, "http://ok.example.com/large")`, `the answer is larger than 1 MiB`, "93.184.216.34:80"},
	} {
		b := runner(t, test.code, granted, "")
		reached := pretend(b, server, names)
		got := b.run(t, runGo)
		address, _ := reached.Load().(string)
		if !strings.Contains(got, test.want) || address != test.reached || strings.HasPrefix(test.code, "try") && !strings.HasPrefix(got, "false") && test.want != "" {
			t.Errorf("%s: %s (reached %s), want %s (%s)", test.code, got, address, test.want, test.reached)
		}
	}
}

// TestPluginHTTPWaits has slow servers: scripts and other calls of the plugin go on meanwhile.
func TestPluginHTTPWaits(t *testing.T) {
	t.Parallel()
	var running, most atomic.Int64
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := running.Add(1); n == 8 {
			close(release)
			most.Store(n)
		}
		<-release
	}))
	t.Cleanup(server.Close)
	for _, form := range []string{
		`operations = { go = { doc = "Go.", effect = "reads", run = function() return { n = http.get("http://ok.example.com/").status } end } }`,
		`hooks = { before_call = function(call) call:answer{ n = http.get("http://ok.example.com/").status } end }`,
	} {
		running.Store(0)
		release = make(chan struct{})
		b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "p", definition("p", "", form), func(e *plugin.Enabled) { e.Granted.Net = []string{"http://ok.example.com"} })})
		pretend(b, server, map[string]string{"ok.example.com": "93.184.216.34"})
		call := "p.async.go{}"
		if strings.HasPrefix(form, "hooks") {
			call = "authy.async.list_webhooks{}"
		}
		wantText(t, form, b.run(t, `local ts = {} for i = 1, 8 do ts[i] = `+call+` end local rs = task.all(ts):await() print(#rs, rs[8].n)`), "8\t200")
	}
}
