package plugin

import (
	"context"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
)

func nothing(context.Context, map[string]any) (any, error) { return nil, nil }

func TestAllowsHost(t *testing.T) {
	t.Parallel()
	p := Permissions{Net: []string{
		"hooks.example.com", "Other.Example.com:8443", "*.wild.example.com", "http://plain.example.com", "private:intranet.corp",
		"localhost:8080", "10.1.2.3", "http://[::1]:9090", "http://127.0.0.1:7070",
	}}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]string{
		"https hooks.example.com 443": "public", "https HOOKS.example.com. 443": "public", "https other.example.com 8443": "public",
		"https a.wild.example.com 443": "public", "https a.b.wild.example.com 443": "public", "http plain.example.com 80": "public",
		"https intranet.corp 443": "private", "https localhost 8080": "private", "https 10.1.2.3 443": "private",
		"http ::1 9090": "private", "https ::ffff:10.1.2.3 443": "private", "http 127.0.0.1 7070": "private",
		"http hooks.example.com 443": "no", "http hooks.example.com 80": "no", "https hooks.example.com 8443": "no",
		"https wild.example.com 443": "no", "https evilwild.example.com 443": "no", "https hooks.example.com.evil.com 443": "no",
		"https xhooks.example.com 443": "no", "https 10.1.2.4 443": "no", "ftp plain.example.com 80": "no", "https  443": "no",
	} {
		parts := strings.Split(request, " ")
		private, ok := p.AllowsHost(parts[0], parts[1], parts[2])
		got := map[bool]string{true: "private", false: "public"}[private]
		if !ok {
			got = "no"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", request, got, want)
		}
	}
}

func TestGrantsRefused(t *testing.T) {
	t.Parallel()
	for kind, grants := range map[string][]string{
		"net":   {"", "*", "*.com", "a.*.com", "https://h.example.com/path", "user@h.example.com", "h:0", "h:99999", "h:x", "0x7f000001", "127.1", "2130706433", "a b", "-x.example.com", "private:", "exa\nmple.com"},
		"env":   {"*", "A*", "AUTHY_KEY", "authysh_key", "AUTHYSH_KEY_FILE", "A B", "$HOME", "A=B"},
		"read":  {"/", "~", "..", "../x", "a/../../b", "/etc/../..", "/proc", "/proc/self/environ", "//proc/self", "/dev/zero", "/sys/x", "/home/*", "~root/x", "a\x00b"},
		"write": {"/", "/proc/1/mem"},
		"exec":  {"./x", "a/b", "..", "-x", "x\ny"},
	} {
		for _, grant := range grants {
			if reason := grantProblem(kind, grant); reason == "" {
				t.Errorf("%s %q is accepted", kind, grant)
			}
		}
	}
}

// TestGrantedSecrets has a permission that got by all checks: the keys stay out of reach.
func TestGrantedSecrets(t *testing.T) {
	t.Parallel()
	p := Permissions{Env: []string{"AUTHY_KEY", "HOME"}, Exec: []string{"./x", "cat"}}
	if p.AllowsEnv("AUTHY_KEY") || !p.AllowsEnv("HOME") || p.AllowsEnv("home") || p.AllowsExec("./x") || !p.AllowsExec("cat") || p.AllowsExec("cat ") {
		t.Error("AllowsEnv or AllowsExec")
	}
}

func TestIsPublic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1:248:1893:25c8:1946": true, "::ffff:93.184.216.34": true,
		"127.0.0.1": false, "127.9.9.9": false, "::1": false, "::ffff:127.0.0.1": false, "::127.0.0.1": false, "0.0.0.0": false, "::": false, "0.1.2.3": false,
		"10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "fe80::1": false, "fd00::1": false, "fec0::1": false,
		"100.64.0.1": false, "198.18.0.1": false, "224.0.0.1": false, "ff02::1": false, "255.255.255.255": false, "240.0.0.1": false,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001::1": false, "fe80::1%eth0": false, "192.0.2.1": false,
	} {
		if got := IsPublic(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
	if IsPublic(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestFindFile(t *testing.T) {
	t.Parallel()
	p := Permissions{Read: []string{"/srv/data", "~/notes.txt"}, Write: []string{"log/audit.log", "/srv/data/out"}}
	for _, test := range []struct {
		name  string
		write bool
		want  string
	}{
		{"/srv/data/a/b", false, "/srv/data a/b"}, {"/srv/data/./a/../c", false, "/srv/data c"}, {"/srv/data", false, "/srv data single"},
		{"/home/ana/notes.txt", false, "/home/ana notes.txt single"}, {"~/notes.txt", false, "/home/ana notes.txt single"},
		{"log/audit.log", true, "/plug/log audit.log single"}, {"log/audit.log", false, "/plug/log audit.log single"},
		{"/srv/data/out/x", true, "/srv/data/out x"},
		{"/srv/data/a", true, ""}, {"/srv/database", false, ""}, {"/srv/data/../secret", false, ""}, {"/etc/passwd", false, ""},
		{"log/../../../etc/passwd", false, ""}, {"log/other.log", true, ""}, {"", false, ""}, {"log/audit.log\x00x", false, ""}, {"~/other", false, ""},
	} {
		place, ok := p.FindFile(test.name, "/plug", "/home/ana", test.write)
		got := ""
		if ok {
			got = filepath.ToSlash(place.Root) + " " + place.Name
			if place.Single {
				got += " single"
			}
		}
		if got != test.want {
			t.Errorf("%s, write %t: %q, want %q", test.name, test.write, got, test.want)
		}
	}
	if _, ok := p.FindFile("log/audit.log", "", "", true); ok {
		t.Error("a relative path is permitted to a plugin without a directory")
	}
}

// FuzzFindFile holds that a permitted path stays below what was granted.
func FuzzFindFile(f *testing.F) {
	for _, seed := range []string{"a", "../a", "/srv/data/x", "/srv/data/../x", "~/x", "//srv//data//..//..//etc", "log/./..//x", "/srv/data\x00/x"} {
		f.Add(seed, true)
	}
	p := Permissions{Read: []string{"/srv/data"}, Write: []string{"log", "~/out"}}
	f.Fuzz(func(t *testing.T, name string, write bool) {
		place, ok := p.FindFile(name, "/plug", "/home/ana", write)
		if !ok {
			return
		}
		full := filepath.Join(place.Root, filepath.FromSlash(place.Name))
		inside := false
		for _, root := range []string{"/srv/data", "/plug/log", "/home/ana/out"} {
			inside = inside || (full == root || strings.HasPrefix(full, root+"/")) && (!write || root != "/srv/data")
		}
		if !inside || strings.Contains(place.Name, "..") && strings.Contains("/"+place.Name+"/", "/../") {
			t.Errorf("%q leads to %s", name, full)
		}
	})
}

// FuzzHost holds that a name matches no permission but its own.
func FuzzHost(f *testing.F) {
	for _, seed := range []string{"hooks.example.com", "*.example.com", "http://a.b:1", "private:x", "[::1]:5", "::1", "1.2.3.4:80", "a.example.com\x00"} {
		f.Add(seed, "a.example.com")
	}
	f.Fuzz(func(t *testing.T, grant, name string) {
		h, err := parseHost(grant)
		p := Permissions{Net: []string{grant}}
		if _, ok := p.AllowsHost("https", name, "443"); ok {
			lower := strings.TrimSuffix(strings.ToLower(name), ".")
			_, bad := netip.ParseAddr(strings.Trim(lower, "[]"))
			if err != nil || bad != nil && lower != h.name && !strings.HasSuffix(lower, "."+h.name) {
				t.Errorf("%q permits %q", grant, name)
			}
		}
	})
}
