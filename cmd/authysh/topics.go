package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
)

// topicsName is what authysh help lists the topics by.
const topicsName = "topics"

// luaName is what authysh help takes before a name of Lua that is also a command, such as "phone".
const luaName = "lua"

// programTopic is a subject of this program, beside those of scripts.
type programTopic struct {
	name, doc string
	text      func() string
	about     []string // commands whose help points here; "*" is the operations'
}

// programTopics are written where nothing else could say it; what the program has a list of is taken from there. No
// topic has the name of a command: authysh help config is the command, and points to the topic.
var programTopics = []programTopic{
	{"configuration", "How settings are given, which there are, and which is stronger.", configurationTopic, []string{"config", "doctor"}},
	{"environment", "The environment variables that the program heeds.", environmentTopic, []string{"config", "doctor"}},
	{"arguments", "How values are written behind commands, and how they are read.", argumentsTopic, []string{"*", "call"}},
	{outputTopic().Name, outputTopic().Doc, func() string { return outputTopic().Text }, []string{"*", "call"}},
	{"exit-codes", "What the program's exit codes mean.", exitCodesTopic, []string{"*", "call", "doctor"}},
}

// helpTopics are the program's topics for the manual.
func helpTopics() []luabind.Topic {
	topics := make([]luabind.Topic, len(programTopics))
	for i, t := range programTopics {
		topics[i] = luabind.Topic{Name: t.name, Doc: t.doc, Text: t.text()}
	}
	return topics
}

func configurationTopic() string {
	var b strings.Builder
	b.WriteString("A flag is stronger than the environment, that than a profile, that than the rest\n" +
		"of the file, and that than the default. The file is the one of --config, else\n" +
		"./" + config.LocalFile + ", else config.yaml in $XDG_CONFIG_HOME/authysh, which is usually\n" +
		"~/.config/authysh. It is YAML; an unknown name in it is an error.\n\n")
	for s := range config.All() {
		doc := s.Usage()
		if flag := s.Flag(); flag != "" && flag != s.Name {
			doc += "; --" + flag
		} else if flag == "" {
			doc += "; no flag"
		}
		writeEntry(&b, s.Name, doc, 12)
	}
	b.WriteString("\nFlags have dashes for _, and variables are in capitals: --rate-limit,\n" +
		"AUTHYSH_RATE_LIMIT. A duration is \"250ms\", \"5s\" or a number of milliseconds.\n\n" +
		"Profiles add to the top level, or replace what it says:\n\n" +
		"  timeout: 10s\n" +
		"  profile: staging          the one that holds without --profile\n" +
		"  profiles:\n" +
		"    staging:    { host: https://authy.staging.example.com }\n" +
		"    production: { key_command: pass show authy, production: true }\n\n" +
		"Only one of these may stand on each level:\n\n")
	var giveKey, guarded []string
	for s := range config.All() {
		if s.GivesKey() {
			giveKey = append(giveKey, s.Name)
		}
		if s.Guarded {
			guarded = append(guarded, s.Name)
		}
	}
	writeList(&b, giveKey)
	b.WriteString("\nThe key command is run without a shell. A file that others can read should hold\n" +
		"no key. One that is found in the working folder and belongs to somebody else\n" +
		"cannot set these:\n\n")
	writeList(&b, guarded)
	b.WriteString("\nplugins.dirs and plugins.config.NAME.SETTING are the settings of plugins, which\n" +
		"stand at the top level only; lists are written as [PT, ES].\n")
	b.WriteString("\n'authysh config show' tells what holds and who said so.\n")
	return b.String()
}

func writeList(b *strings.Builder, names []string) {
	b.WriteString("  " + strings.Join(names, ", ") + "\n")
}

// foreignVariables are the environment variables that are not the program's own.
var foreignVariables = [][2]string{
	{"HTTPS_PROXY, HTTP_PROXY", "proxy for hosts of that scheme, where the setting proxy names none"},
	{"NO_COLOR", "anything but empty: no colours"},
	{"TERM", "type of the terminal; dumb has no editing and no colours"},
	{"LC_ALL, LC_CTYPE, LANG", "the locale; the prompt wants UTF-8"},
	{"HOME, XDG_CONFIG_HOME", "where the configuration is"},
	{"XDG_STATE_HOME", "where the prompt's history is"},
	{"PAGER, LESS", "the program that shows long texts at the prompt"},
	{"VISUAL, EDITOR", "the program that .edit starts at the prompt"},
	{"NO_PROXY", "hosts that are called without the proxy of the environment"},
	{"SOURCE_DATE_EPOCH", "date of what authysh docs man writes; without it there is none"},
}

func environmentTopic() string {
	var b strings.Builder
	b.WriteString("Each setting has a variable. An empty one counts as not set, and one that begins\n" +
		"with " + config.EnvPrefix + " and is no setting is an error.\n\n")
	width := 0
	for s := range config.All() {
		width = max(width, len(s.Env()[0]))
	}
	for s := range config.All() {
		for j, name := range s.Env() {
			doc := s.Doc
			if j > 0 {
				doc = "the same, weaker than " + s.Env()[0]
			}
			writeEntry(&b, name, doc, width)
		}
	}
	b.WriteString("\nOthers that are heeded:\n\n")
	for _, v := range foreignVariables {
		writeEntry(&b, v[0], v[1], width)
	}
	return b.String()
}

func argumentsTopic() string {
	return `A value becomes what its parameter is declared as. Text stays text, so that
digits keep their zeros; numbers, ids and durations are judged before anything
is sent.

  0012345           text where the parameter is text: all zeros are kept
  @file             what the file holds, without its last line break
  -                 what standard input holds; for one value only
  @@ana             text that begins with @
  --force           true; --force=false is false
  --type x          a value may also stand behind =, as in --type=x
  --                what follows are arguments, also if they begin with a dash

Names with dots reach into objects and lists:

  --data.reason travel                        a member of data
  --visible.'Account Number' 981266321        a member of details.visible
  --logos.0.res default --logos.0.url URL     the first of a list

'authysh call' has the same without dashes, and := in front of JSON:

  authysh call request_sms authy_id=1635 force=true
  authysh call register_activity authy_id=1635 type=banned data:='{"by":"me"}'
  authysh call request_sms --json '{"authy_id":"1635"}'     --json - reads it
`
}

func exitCodesTopic() string {
	var b strings.Builder
	b.WriteString("The program ends with one of these codes; a script gives any other with os.exit.\n\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "  %3d  %s\n", e.code, e.doc)
	}
	b.WriteString("\nAn error of a call that no pcall catches decides the code by its kind.\n" +
		"A call that a plugin refused gives 4; a plugin that is enabled but could not be\n" +
		"loaded gives 2, if nothing else failed.\n")
	return b.String()
}

// seeAlso lists what a command's help points to, as arguments of authysh help.
func (a *app) seeAlso(cmd *cobra.Command) []string {
	path := commandPath(cmd)
	top, _, _ := strings.Cut(path, " ")
	var names []string
	for _, t := range programTopics {
		if slices.Contains(t.about, top) || a.leaves[cmd] != nil && slices.Contains(t.about, "*") {
			names = append(names, t.name)
		}
	}
	if path == top && slices.Contains(a.manual().Names(), path) {
		names = append(names, luaName+" "+path)
	}
	return names
}

// writeSeeAlso ends the help of a command.
func (a *app) writeSeeAlso(b *strings.Builder, cmd *cobra.Command) {
	names := a.seeAlso(cmd)
	if len(names) == 0 {
		return
	}
	b.WriteString("\nsee also:\n")
	width := 0
	for _, name := range names {
		width = max(width, len("authysh help "+name))
	}
	for _, name := range names {
		writeEntry(b, "authysh help "+name, topicDoc(name), width)
	}
}

// topicDoc is what a name of seeAlso is about.
func topicDoc(name string) string {
	for _, t := range programTopics {
		if t.name == name {
			return t.doc
		}
	}
	return "The Lua module of that name."
}

// listTopics is authysh help topics.
func (a *app) listTopics() error {
	var b strings.Builder
	b.WriteString("topics, each shown by authysh help topic:\n")
	topics := a.manual().Topics()
	width := 0
	for _, t := range topics {
		width = max(width, len(t.Name))
	}
	for _, t := range topics {
		writeEntry(&b, t.Name, t.Doc, width)
	}
	b.WriteString("\n'authysh help authy' lists the operations, 'authysh help lua' all that scripts\ncan call.\n")
	_, err := a.out.Write([]byte(b.String()))
	return err
}

// explain shows what the manual has about a name of Lua or a topic; an empty name is a list of all.
func (a *app) explain(topic string) error {
	text, near, ok := a.manual().Help(topic)
	if ok {
		_, err := fmt.Fprintln(a.out, strings.TrimRight(text, "\n"))
		return err
	}
	e := &usageError{message: fmt.Sprintf("there is no help about %q", wording.Clip(topic)), hint: "authysh help topics lists the topics, authysh help authy the operations"}
	if near == "" {
		near = authy.Nearest(topic, append(slices.Clone(a.commandNames), topicsName, luaName))
	}
	if near != "" {
		e.message += fmt.Sprintf(", did you mean %q?", near)
	}
	return e
}

// completeHelp offers commands, topics and names of Lua.
func (a *app) completeHelp(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	var found []string
	offer := func(name, doc string) {
		if strings.HasPrefix(name, toComplete) {
			found = append(found, cobra.CompletionWithDesc(name, doc))
		}
	}
	parent := cmd.Root()
	for i, name := range args {
		if i == 0 && name == luaName {
			for _, name := range a.manual().Names() {
				offer(name, "")
			}
			return found, cobra.ShellCompDirectiveNoFileComp
		}
		next, err := subcommand(parent, name)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		parent = next
	}
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			offer(c.Name(), c.Short)
		}
	}
	if len(args) == 0 {
		offer(topicsName, "list the topics")
		for _, t := range a.manual().Topics() {
			offer(t.Name, t.Doc)
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}
