package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

// keyPlaces are what --key-from may be: where the new file says that the key is.
var keyPlaces = []struct{ name, doc string }{
	{"env", "the variable AUTHY_KEY, which you set yourself"},
	{"file", "a file that holds nothing else"},
	{"command", "the output of a command, such as pass show authy"},
	{"keyring", "the keyring of this system"},
	{"config", "the configuration file itself"},
}

// initOptions are the flags of config init.
type initOptions struct {
	target                         config.Target
	force, keyStdin                bool
	keyFrom                        string
	keyFile, keyCommand, keyInRing string
}

// configInitCommand is authysh config init.
func (a *app) configInitCommand() *cobra.Command {
	o := new(initOptions)
	begin := &cobra.Command{
		Use:   "init",
		Short: "make a configuration file",
		Long: "On a terminal it asks for what no flag says. Elsewhere, flags say all: one of\n" +
			"--key-from env, --key-file, --key-command, --key-keyring or --key-stdin, which\n" +
			"alone puts the key into the new file. Settings that are given as flags, such as\n" +
			"--host, are written as well. Only you can read the file.\n\n" +
			"--key-from says where the key is:\n" + listKeyPlaces(),
		Example: "  authysh config init\n" +
			"  authysh config init --key-command 'pass show authy' --timeout 20s\n" +
			"  pass show authy | authysh config init --key-keyring default --key-stdin",
		Annotations: map[string]string{usesFlags: "config output " + strings.Join(initFlags(), " ")},
		Args:        noArguments,
	}
	flags := begin.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.keyFrom, "key-from", "", "where the key is, a `place` of those above")
	flags.StringVar(&o.keyFile, "key-file", "", "the `file` that holds the key; with --key-stdin it is made")
	flags.StringVar(&o.keyCommand, "key-command", "", "the `command` that prints the key; it runs without a shell")
	flags.StringVar(&o.keyInRing, "key-keyring", "", "the `account` of the keyring that holds the key")
	flags.BoolVar(&o.keyStdin, "key-stdin", false, "read the key from standard input")
	flags.BoolVar(&o.target.Local, "local", false, "make ./"+config.LocalFile)
	flags.BoolVar(&o.force, "force", false, "replace a file that is there")
	begin.RunE = func(cmd *cobra.Command, _ []string) error { return a.initConfig(cmd.Context(), o) }
	return begin
}

func listKeyPlaces() string {
	var b strings.Builder
	for _, place := range keyPlaces {
		fmt.Fprintf(&b, "  %-8s %s\n", place.name, place.doc)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// initFlags are the global flags whose values config init writes. The form of output is that of its own result.
func initFlags() []string {
	var names []string
	for s := range config.All() {
		if s.Flag() != "" && s.Name != config.OutputSetting && s.Name != config.ColorSetting && s.Name != config.ProfileSetting {
			names = append(names, s.Flag())
		}
	}
	return names
}

// newConfig is what config init comes to.
type newConfig struct {
	values  []configValue
	keyFrom string
	key     string // to be stored elsewhere; empty for none
}

// configValue is a setting of the new file.
type configValue struct {
	setting *config.Setting
	written string
}

// rank orders the values as the table does, but what permits a host stands before the host.
func (v configValue) rank() int {
	if v.setting.Name == "allow_http" {
		return -1
	}
	return v.setting.Rank()
}

func (a *app) initConfig(ctx context.Context, o *initOptions) error {
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	o.target.User = !o.target.Local && a.config == ""
	at, err := a.configFiles().Place(o.target)
	if err != nil {
		return err
	}
	if err := a.configFiles().Vacant(at, o.force); err != nil {
		return err
	}
	n := new(newConfig)
	if err := a.chooseKeyPlace(o, n); err != nil {
		return err
	}
	if err := a.chooseSettings(ctx, o, n, at.Path); err != nil {
		return err
	}
	text, err := a.textOf(at.Path, n)
	if err != nil {
		return err
	}
	store := func(file *config.File) error { return a.storeNewKey(ctx, n, file.Top) }
	if err := a.configFiles().Create(ctx, at, o.force, text, store); err != nil {
		return err
	}
	return a.tellMade(s, n, at.Path)
}

// chooseSettings collects what the file is to say: from flags, and by questions.
func (a *app) chooseSettings(ctx context.Context, o *initOptions, n *newConfig, path string) error {
	if a.stdinTerminal {
		fmt.Fprintf(a.err, "this makes the configuration file %s; Enter takes what stands in brackets\n", path)
		if !a.flags.Changed("host") {
			if err := a.askHost(ctx, n); err != nil {
				return err
			}
		}
		if n.keyFrom == "" {
			if err := a.askKeyPlace(ctx, n); err != nil {
				return err
			}
		}
	}
	for _, name := range initFlags() {
		if given := a.flags.Lookup(name); given.Changed && name != "key" {
			n.add(strings.ReplaceAll(name, "-", "_"), given.Value.String())
		}
	}
	return a.chooseKey(ctx, o, n, path)
}

func (n *newConfig) add(name, written string) {
	n.values = append(n.values, configValue{config.Must(name), written})
}

// textOf is the new file.
func (a *app) textOf(path string, n *newConfig) ([]byte, error) {
	d, err := a.configFiles().Document(path, nil)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(n.values, func(x, y configValue) int { return cmp.Compare(x.rank(), y.rank()) })
	for _, v := range n.values {
		if err := d.Put(config.Key{Setting: v.setting}, v.written, a.usable); err != nil {
			return nil, err
		}
	}
	head := "# Made by authysh config init. authysh config set changes it, config show tells what holds.\n"
	if n.keyFrom == "env" {
		head += "# The key is taken from AUTHY_KEY in the environment.\n"
	}
	return append([]byte(head), d.Text()...), nil
}

// storeNewKey puts the key where the new file says that it is.
func (a *app) storeNewKey(ctx context.Context, n *newConfig, by config.Layer) error {
	switch {
	case n.key == "":
	case n.keyFrom == "file":
		return writeKeyFile(by["key_file"].Value.(string), n.key)
	case n.keyFrom == "keyring":
		if err := a.storeKey(ctx, by["key_keyring"].Value.(string), n.key); err != nil {
			return aboutKeyring(config.Origin{Where: "--key-from keyring"}, err)
		}
	}
	return nil
}

func (a *app) tellMade(s *config.Settings, n *newConfig, path string) error {
	words := "wrote " + path
	if s.Text("output") == "" {
		fmt.Fprintf(a.err, "authysh: %s\n", words)
		if n.keyFrom == "env" {
			a.hint("set AUTHY_KEY to the application's API key")
		}
		return nil
	}
	result := struct {
		File    string `json:"file" yaml:"file"`
		KeyFrom string `json:"key_from" yaml:"key_from"`
	}{path, n.keyFrom}
	return a.show(s, result, func(w io.Writer) { fmt.Fprintln(w, words) }, []string{"file", "key_from"}, [][]string{{path, n.keyFrom}})
}
