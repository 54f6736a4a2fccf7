package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const modulePath = "github.com/authysh/authysh"

// allowed lists, for each package, what it may import of this module and of others. Standard library packages are
// free; "/..." takes in all packages below. Arrows point one way: cmd/authysh → repl, luabind, authy/sandbox → authy.
var allowed = map[string][]string{
	"authy": {
		"github.com/nyaruka/phonenumbers", "golang.org/x/text/language/...", "golang.org/x/time/rate",
		"github.com/agnivade/levenshtein",
	},
	"authy/sandbox": {
		modulePath + "/authy", modulePath + "/authy/sandbox/fault", modulePath + "/authy/sandbox/store",
		"github.com/nyaruka/phonenumbers", "github.com/pquerna/otp/...", "github.com/skip2/go-qrcode",
		"github.com/google/uuid", "golang.org/x/text/...", "github.com/golang-jwt/jwt/v5", "go.yaml.in/yaml/v3",
	},
	"authy/sandbox/fault": {modulePath + "/authy", "go.yaml.in/yaml/v3"},
	"authy/sandbox/store": {"go.etcd.io/bbolt/..."},
	"authy/receiver":      {modulePath + "/authy", "github.com/golang-jwt/jwt/v5", "github.com/gofrs/flock"},
	"luabind": {
		modulePath + "/authy", modulePath + "/authy/receiver", modulePath + "/luabind/internal/...", modulePath + "/luabind/journal", modulePath + "/luabind/plugin",
		"github.com/yuin/gopher-lua/...", "github.com/pquerna/otp/...", "golang.org/x/time/rate", "github.com/gofrs/flock",
	},
	"luabind/internal/inspect": {
		modulePath + "/luabind/internal/luajson", modulePath + "/luabind/internal/luatext", modulePath + "/luabind/internal/luavalue",
		modulePath + "/luabind/internal/masking", "github.com/yuin/gopher-lua",
	},
	"luabind/internal/keyset":   {},
	"luabind/internal/lua51":    {"github.com/yuin/gopher-lua/..."},
	"luabind/internal/luajson":  {modulePath + "/luabind/internal/luatext", modulePath + "/luabind/internal/luavalue", "github.com/yuin/gopher-lua"},
	"luabind/internal/luatext":  {"github.com/mattn/go-runewidth"},
	"luabind/internal/luavalue": {modulePath + "/luabind/internal/luatext", "github.com/yuin/gopher-lua"},
	"luabind/internal/masking":  {},
	"luabind/internal/pace":     {modulePath + "/authy", "golang.org/x/time/rate"},
	"luabind/plugin":            {modulePath + "/authy", modulePath + "/luabind/internal/luatext", "golang.org/x/mod/semver"},
	"luabind/journal":           {"github.com/tidwall/gjson", "github.com/gofrs/flock"},
	"luabind/check":             {modulePath + "/authy", modulePath + "/luabind", modulePath + "/luabind/internal/luatext", "github.com/yuin/gopher-lua/..."},
	"luabind/stubs":             {modulePath + "/authy", modulePath + "/luabind"},
	"luabind/worker":            {modulePath + "/authy", modulePath + "/luabind", modulePath + "/luabind/internal/luatext", "golang.org/x/time/rate"},
	"cmd/authysh": {
		modulePath + "/luabind/check", modulePath + "/luabind/stubs",
		modulePath + "/cmd/authysh/internal/...", modulePath + "/repl", modulePath + "/authy", modulePath + "/authy/sandbox", modulePath + "/authy/sandbox/fault", modulePath + "/authy/receiver",
		modulePath + "/luabind", modulePath + "/luabind/journal", modulePath + "/luabind/plugin",
		"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term", "github.com/yuin/gopher-lua", "github.com/cheggaaa/pb/v3",
		"github.com/tidwall/gjson", "github.com/google/uuid", "github.com/zalando/go-keyring",
	},
	"cmd/authysh/internal/arguments": {modulePath + "/authy"},
	"cmd/authysh/internal/capture":   {},
	"cmd/authysh/internal/config": {
		modulePath + "/authy", modulePath + "/cmd/authysh/internal/present", modulePath + "/cmd/authysh/internal/wholefile", modulePath + "/cmd/authysh/internal/wording",
		modulePath + "/luabind/plugin",
		"github.com/spf13/viper", "go.yaml.in/yaml/v3", "github.com/gofrs/flock",
	},
	"cmd/authysh/internal/firstgc":   {},
	"cmd/authysh/internal/initpages": {},
	"cmd/authysh/internal/present": {
		modulePath + "/authy", "go.yaml.in/yaml/v3", "github.com/mattn/go-runewidth", "github.com/jmespath-community/go-jmespath/...",
	},
	"cmd/authysh/internal/private": {
		modulePath + "/authy", modulePath + "/authy/sandbox", modulePath + "/authy/sandbox/fault", modulePath + "/luabind",
		modulePath + "/cmd/authysh/internal/config", modulePath + "/cmd/authysh/internal/wording", "github.com/yuin/gopher-lua",
	},
	"cmd/authysh/internal/qrcode":    {},
	"cmd/authysh/internal/wholefile": {},
	"cmd/authysh/internal/wording":   {modulePath + "/authy"},
	"repl":                           {"github.com/c-bata/go-prompt", "golang.org/x/term", "golang.org/x/sys/...", "github.com/mattn/...", "github.com/pkg/term/termios"},
}

func TestImportArrows(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not on PATH")
	}
	list := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(strings.TrimPrefix(fields[0], modulePath), "/")
		rules, known := allowed[name]
		if !known {
			t.Errorf("package %s has no rule: say in this test what it may import", name)
			continue
		}
		for _, imported := range fields[1:] {
			first, _, _ := strings.Cut(imported, "/")
			if !strings.Contains(first, ".") {
				continue
			}
			if !slices.ContainsFunc(rules, func(rule string) bool {
				below, all := strings.CutSuffix(rule, "/...")
				return imported == below || all && strings.HasPrefix(imported, below+"/")
			}) {
				t.Errorf("%s imports %s, which points against the arrows", name, imported)
			}
		}
	}
}

func TestTopLevelEntries(t *testing.T) {
	t.Parallel()
	list := exec.Command("git", "ls-files", "--", ".")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Skip("not a git checkout")
	}
	visible := []string{
		"go.mod", "go.sum", "LICENSE", "README.md", "config.example.yaml", "cmd", "authy", "luabind", "repl", "scripts",
	}
	for _, file := range strings.Fields(string(out)) {
		entry, _, _ := strings.Cut(file, "/")
		if !strings.HasPrefix(entry, ".") && !slices.Contains(visible, entry) {
			t.Errorf("%s: the top level has no place for %s", file, entry)
		}
	}
}
