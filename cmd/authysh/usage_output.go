package main

import "github.com/authysh/authysh/luabind"

// outputTopic explains how results are shown.
func outputTopic() luabind.Topic {
	return luabind.Topic{Name: "output", Doc: "How commands show results and errors.", Text: `A result goes to standard output, everything else to standard error. --output,
AUTHYSH_OUTPUT or output in the configuration choose the form:

  pretty  for people: on a terminal, unless something else is asked for
  json    compact, one object on a line: everywhere else
  yaml    the same for people who edit it
  table   a row for each member of a list, or for each value of an answer
  csv     that table, whole, for a spreadsheet: sandbox users --output csv
  raw     the service's answer byte for byte; with --query, texts without
          quotes, and each text or number of a list on a line of its own

Plugins add formats, which --output alone takes: 'authysh plugin info' names
them. With --query, one gets the part that was picked.

--query picks a part of the result with a JMESPath expression, --template shows
it through a Go template. Both are checked before anything is sent:

  authysh config show --query 'settings[?value].name' --output raw
  authysh version --template '{{.version}} of {{.go}}'

Objects keep their order and ids all their digits; numbers of more than 15
digits pass through a query as they are, but it cannot compute with them. In
a template, json, join, upper, lower and ago ("3 minutes ago") are functions,
too; what the service left out is empty, and a name that nobody knows is an
error.

NO_COLOR turns colours off, CLICOLOR_FORCE turns them on where there is no
terminal. What is longer than the terminal is high goes through PAGER (less
-FRX by default); an empty one turns that off.

An error is a line that says what, and perhaps a line "hint: " that says what to
do. With --output json the same follows as one object on a line of its own:

  {"error":{"kind":"usage","message":"...","hint":"...","exit_code":2}}

kind is usage, failed, or as in the error values of scripts: validation, api,
network, timeout, response, canceled; these have op, and as far as known status,
code, fields and retry_after in seconds. A script's output and errors are its
own: none of these flags changes them.
`}
}
