package plugin

import (
	"fmt"
	"net/netip"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/authysh/authysh/luabind/internal/luatext"
)

// Permissions are what a plugin may reach outside of its interpreter. The zero value is nothing.
type Permissions struct {
	// Net are hosts for http: "hooks.example.com" (https, port 443), "hooks.example.com:8443", "*.example.com" for all
	// names below. "http://" in front allows plain http. A name must not lead to this machine or a private network,
	// unless "private:" stands in front; an address, or localhost, speaks for itself.
	Net []string `json:"net,omitempty"`
	// Env are environment variables that may be read.
	Env []string `json:"env,omitempty"`
	// Read and Write are files, or directories with all below. Writing includes reading. Relative ones are in the
	// plugin's own data directory, ~/ in the home directory.
	Read  []string `json:"read,omitempty"`
	Write []string `json:"write,omitempty"`
	// Exec are programs, by absolute path or by a name that is looked up in PATH.
	Exec []string `json:"exec,omitempty"`
}

// PermissionNames are the kinds of permissions in the order in which they are shown.
var PermissionNames = []string{"net", "env", "read", "write", "exec"}

func (p *Permissions) of(name string) *[]string {
	switch name {
	case "net":
		return &p.Net
	case "env":
		return &p.Env
	case "read":
		return &p.Read
	case "write":
		return &p.Write
	}
	return &p.Exec
}

// List gives the permissions of one kind.
func (p Permissions) List(kind string) []string { return *p.of(kind) }

// IsZero reports whether nothing is permitted.
func (p Permissions) IsZero() bool {
	return !slices.ContainsFunc(PermissionNames, func(name string) bool { return len(p.List(name)) > 0 })
}

// Both gives what is in p and in other, word by word.
func (p Permissions) Both(other Permissions) Permissions {
	var both Permissions
	for _, name := range PermissionNames {
		for _, grant := range p.List(name) {
			if slices.Contains(other.List(name), grant) {
				*both.of(name) = append(*both.of(name), grant)
			}
		}
	}
	return both
}

// Check tells what is wrong with the permissions; nil when nothing is.
func (p Permissions) Check() error {
	for _, name := range PermissionNames {
		for _, grant := range p.List(name) {
			if reason := grantProblem(name, grant); reason != "" {
				return fmt.Errorf("permission %s %s %s", name, luatext.Excerpt(grant), reason)
			}
		}
	}
	return nil
}

func grantProblem(kind, grant string) string {
	switch kind {
	case "net":
		if _, err := parseHost(grant); err != nil {
			return err.Error()
		}
	case "env":
		return envProblem(grant)
	case "exec":
		return execProblem(grant)
	default:
		return pathProblem(grant)
	}
	return ""
}

var envName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })

// envProblem refuses what is no name, and the variables that hold the program's own secrets and settings.
func envProblem(name string) string {
	upper := strings.ToUpper(name)
	switch {
	case !envName().MatchString(name):
		return fmt.Sprintf("must be the name of one environment variable, without signs such as * and $, got %s", luatext.Excerpt(name))
	case strings.HasPrefix(upper, "AUTHY_") || strings.HasPrefix(upper, "AUTHYSH_"):
		return fmt.Sprintf("must not be %s: the program's own keys and settings are out of reach for plugins", name)
	}
	return ""
}

func execProblem(program string) string {
	switch {
	case strings.ContainsFunc(program, func(r rune) bool { return r < ' ' }):
		return "must not contain control characters"
	case strings.ContainsAny(program, `/\`) && !filepath.IsAbs(program):
		return fmt.Sprintf("must be an absolute path, or a name without a separator that is looked up in PATH, got %s", luatext.Excerpt(program))
	case program == "." || program == ".." || strings.HasPrefix(program, "-"):
		return fmt.Sprintf("must be the name of a program, got %s", luatext.Excerpt(program))
	}
	return ""
}

// kernelPaths show the memory and environment of processes.
var kernelPaths = []string{"/proc", "/sys", "/dev"}

func pathProblem(grant string) string {
	clean := filepath.ToSlash(filepath.Clean(grant))
	switch {
	case strings.ContainsFunc(grant, func(r rune) bool { return r < ' ' }):
		return "must not contain control characters"
	case slices.Contains(strings.FieldsFunc(grant, func(r rune) bool { return r == '/' || r == '\\' }), ".."):
		return "must not contain .."
	case clean == "/" || clean == "~" || filepath.VolumeName(grant) != "" && len(filepath.VolumeName(grant))+1 >= len(clean):
		return fmt.Sprintf("must not be as wide as %s; name the directory that is needed", luatext.Excerpt(grant))
	case strings.ContainsAny(grant, "*?["):
		return "must be a file or directory without wildcards; a directory includes all below"
	case strings.HasPrefix(grant, "~") && !strings.HasPrefix(grant, "~/"):
		return "must not begin with ~ alone; ~/ is the home directory"
	}
	for _, kernel := range kernelPaths {
		if clean == kernel || strings.HasPrefix(clean, kernel+"/") {
			return fmt.Sprintf("must not be in %s", kernel)
		}
	}
	return ""
}

// host is a granted host.
type host struct {
	name     string // without the wildcard
	wildcard bool   // names below, not name itself
	port     string
	plain    bool // http too, on that port
	private  bool // it may be on this machine or in a private network
}

var hostLabels = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)
})

// parseHost reads one entry of Net. The error reads on after its place.
func parseHost(grant string) (host, error) {
	var h host
	rest := strings.ToLower(grant)
	rest, h.private = strings.CutPrefix(rest, "private:")
	rest, h.plain = strings.CutPrefix(rest, "http://")
	h.port = "443"
	if h.plain {
		h.port = "80"
	} else {
		rest = strings.TrimPrefix(rest, "https://")
	}
	if strings.ContainsAny(rest, "/?#@") {
		return h, fmt.Errorf("must be a host such as \"hooks.example.com\", without path or user, got %s", luatext.Excerpt(grant))
	}
	if address, err := netip.ParseAddr(strings.Trim(rest, "[]")); err == nil {
		h.name, h.private = address.Unmap().String(), true
		return h, nil
	}
	if name, port, ok := strings.Cut(rest, ":"); ok && !strings.Contains(rest, "[") || strings.HasPrefix(rest, "[") {
		if strings.HasPrefix(rest, "[") {
			inside, after, _ := strings.Cut(rest[1:], "]")
			name, port = inside, strings.TrimPrefix(after, ":")
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return h, fmt.Errorf("has the port %s; it must be a number from 1 to 65535", luatext.Excerpt(port))
		}
		rest, h.port = name, strconv.FormatUint(n, 10)
	}
	if address, err := netip.ParseAddr(rest); err == nil {
		h.name, h.private = address.Unmap().String(), true
		return h, nil
	}
	rest, h.wildcard = strings.CutPrefix(rest, "*.")
	h.name = strings.TrimSuffix(rest, ".")
	switch {
	case rest == "*" || rest == "":
		return h, fmt.Errorf("must name a host; a permission for all hosts does not exist")
	case strings.Contains(rest, "*"):
		return h, fmt.Errorf("may have * only as its first part, as in \"*.example.com\", got %s", luatext.Excerpt(grant))
	case h.wildcard && !strings.Contains(h.name, "."):
		return h, fmt.Errorf("is too wide: name at least \"*.example.com\", got %s", luatext.Excerpt(grant))
	case len(h.name) > 253 || !hostLabels().MatchString(h.name) || looksNumeric(h.name):
		return h, fmt.Errorf("must be a host such as \"hooks.example.com\", got %s", luatext.Excerpt(grant))
	}
	h.private = h.private || h.name == "localhost"
	return h, nil
}

// looksNumeric finds names that old resolvers take for addresses: 127.1, 0x7f000001, 2130706433.
func looksNumeric(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	_, err := strconv.ParseUint(last, 0, 64)
	return err == nil
}

// AllowsHost finds whether a request may go to scheme://name:port. Private tells whether the address of the host may be on
// this machine or in a private network.
func (p Permissions) AllowsHost(scheme, name, port string) (private, ok bool) {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if address, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		name = address.Unmap().String()
	}
	for _, grant := range p.Net {
		h, err := parseHost(grant)
		if err != nil || h.port != port || scheme != "https" && (scheme != "http" || !h.plain) {
			continue
		}
		if !h.wildcard && h.name == name || h.wildcard && strings.HasSuffix(name, "."+h.name) {
			private, ok = private || h.private, true
		}
	}
	return private, ok
}

// AllowsEnv reports whether an environment variable may be read.
func (p Permissions) AllowsEnv(name string) bool {
	return envProblem(name) == "" && slices.Contains(p.Env, name)
}

// AllowsExec reports whether a program may be run: it must be written as in the permission.
func (p Permissions) AllowsExec(program string) bool {
	return execProblem(program) == "" && slices.Contains(p.Exec, program)
}

// reservedNets are addresses that are not private by name, and still not the public internet: shared, test and translated
// ones, by which others are reached.
var reservedNets = func() []netip.Prefix {
	var nets []netip.Prefix
	for _, text := range strings.Fields(`0.0.0.0/8 100.64.0.0/10 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15
		198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 ::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fec0::/10`) {
		nets = append(nets, netip.MustParsePrefix(text))
	}
	return nets
}()

// IsPublic reports whether an address is one of the public internet: not this machine, not a private or link-local
// network, not one that leads there by translation.
func IsPublic(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	if !address.IsGlobalUnicast() || address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() {
		return false
	}
	return !slices.ContainsFunc(reservedNets, func(n netip.Prefix) bool { return n.Contains(address) })
}

// A Place is where a granted file is: a directory to open, and the name below it.
type Place struct {
	// Root is an existing or to be made directory that all of it must stay in.
	Root string
	// Name is the path below Root, with slashes; "." for Root itself.
	Name string
	// Single says that the permission is for this one file.
	Single bool
}

// FindFile finds the permission for a path; write asks for one to write. Dir is the plugin's data directory, which relative
// paths are in, and home the user's; without them, paths that need them are not permitted. Symbolic links are not looked
// at: who opens the file must not leave Root.
func (p Permissions) FindFile(name, dir, home string, write bool) (Place, bool) {
	target, ok := absolute(name, dir, home)
	if !ok {
		return Place{}, false
	}
	grants := p.Write
	if !write {
		grants = slices.Concat(p.Write, p.Read)
	}
	var found Place
	for _, grant := range grants {
		granted, ok := absolute(grant, dir, home)
		if !ok || pathProblem(grant) != "" {
			continue
		}
		if target == granted {
			if found.Root == "" {
				found = Place{filepath.Dir(granted), filepath.Base(granted), true}
			}
			continue
		}
		if below, inside := strings.CutPrefix(target, strings.TrimSuffix(granted, string(filepath.Separator))+string(filepath.Separator)); inside {
			return Place{granted, path.Clean(filepath.ToSlash(below)), false}, true
		}
	}
	return found, found.Root != ""
}

// absolute is a path without . and .. in it.
func absolute(name, dir, home string) (string, bool) {
	switch rest, ok := strings.CutPrefix(name, "~/"); {
	case name == "" || strings.ContainsRune(name, 0):
		return "", false
	case ok && home == "":
		return "", false
	case ok:
		return filepath.Join(home, rest), true
	case filepath.IsAbs(name):
		return filepath.Clean(name), true
	case dir == "":
		return "", false
	}
	return filepath.Join(dir, name), true
}
