package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// How the program complains: on standard error, each line in lower case and without a final period. The first line
// starts "authysh: " and stands alone; then perhaps the line of source, the calls that led there, and a
// line "hint: " that tells what to do. With --output json, the same once more as one object.

// maxFrames is how many calls of a traceback are shown.
const maxFrames = 10

// report tells the user what went wrong. What needs no words (os.exit, an interrupt, a reader of the output that has
// gone) gets none.
func (a *app) report(err error) {
	_, single := err.(authy.Error)
	unseen, tasks := err.(*luabind.TasksError)
	if several, ok := err.(interface{ Unwrap() []error }); ok && !single && !tasks { // a script and its tasks
		for _, one := range several.Unwrap() {
			a.report(one)
		}
		return
	}
	switch exitCodeOf(err) {
	case exitDone, exitPipe:
		return
	}
	if _, left := errors.AsType[*luabind.ExitError](err); left {
		return
	}
	if _, stopped := errors.AsType[*interrupted](err); stopped {
		return
	}
	if tasks {
		a.reportTasks(unseen)
		return
	}
	c := a.complaintOf(err)
	fmt.Fprintf(a.err, "authysh: %s\n", c.line)
	failure, ok := errors.AsType[*luabind.ScriptError](err)
	if ok {
		a.showSource(failure)
		a.showTraceback(failure)
	}
	a.hint(c.Hint)
	if a.wantsJSON() {
		c.writeJSON(a.err)
	}
}

// reportTasks tells of tasks that failed while nobody looked, the first of them.
func (a *app) reportTasks(unseen *luabind.TasksError) {
	const most = 10
	for i, failure := range unseen.Failures {
		if i == most {
			fmt.Fprintf(a.err, "authysh: ... and %d more tasks\n", len(unseen.Failures)-most)
			break
		}
		fmt.Fprintf(a.err, "authysh: %s failed: %s\n", failure.Task, withoutControls(failure.Err.Error()))
		a.showSource(failure.Err)
		a.showTraceback(failure.Err)
	}
	a.hint("nothing waited for it: t:await() raises a task's error, t:catch(f) takes it")
}

// showSource shows the line of the script that failed.
func (a *app) showSource(failure *luabind.ScriptError) {
	line, number, ok := a.sourceLine(failure.Where)
	if !ok || strings.TrimSpace(line) == "" {
		return
	}
	fmt.Fprintf(a.err, "%5d | %s\n", number, printable(strings.TrimSpace(line)))
}

// sourceLine finds the text at "file:line". Only the main script is in memory; modules are read again.
func (a *app) sourceLine(where string) (line string, number int, ok bool) {
	colon := strings.LastIndexByte(where, ':')
	if colon < 0 {
		return "", 0, false
	}
	number, err := strconv.Atoi(where[colon+1:])
	if err != nil || number < 1 {
		return "", 0, false
	}
	source := a.script.Source
	if name := where[:colon]; name != a.script.Name {
		module, err := luabind.ReadScript(name)
		if err != nil || isBinary(module.Source) {
			return "", 0, false
		}
		source = module.Source
	}
	lines := strings.Split(source, "\n")
	if number > len(lines) {
		return "", 0, false
	}
	return lines[number-1], number, true
}

// showTraceback lists the calls that led to the failure, unless there is but the main chunk.
func (a *app) showTraceback(failure *luabind.ScriptError) {
	frames := failure.Traceback
	if len(frames) < 2 {
		return
	}
	for i, frame := range frames {
		if i == maxFrames {
			fmt.Fprintf(a.err, "        ... %d more\n", len(frames)-maxFrames)
			return
		}
		fmt.Fprintf(a.err, "        %s\n", printable(frame))
	}
}

// hinted is an error whose remedy only the command knows.
type hinted struct {
	err    error
	remedy string
}

func (e *hinted) Error() string { return e.err.Error() }
func (e *hinted) Unwrap() error { return e.err }

const keyHint = "set AUTHY_KEY, --key or key in the configuration, or run with --sandbox"

// hintFor is what to do about an error; empty when the error says it.
func (a *app) hintFor(err error) string {
	if wrong, ok := misuse(err); ok {
		return wrong.hint
	}
	if known, ok := errors.AsType[*hinted](err); ok {
		return known.remedy
	}
	if invalid, ok := errors.AsType[*authy.ValidationError](err); ok {
		return hintForSetting(invalid)
	}
	failure, ok := errors.AsType[authy.Error](err)
	if !ok {
		return a.hintForScript(err)
	}
	if failure.Operation() == "" && failure.Kind() != authy.KindAPI { // no call: task.timeout, or an address to listen on
		return ""
	}
	host := authy.DefaultHost
	if a.loaded != nil {
		host = a.loaded.Text("host")
	}
	switch failure.Kind() {
	case authy.KindAPI:
		if errors.Is(failure, authy.ErrUnauthorized) {
			return "check the key; 'authysh config show' tells where it comes from"
		}
	case authy.KindNetwork:
		if a.sandbox {
			return "" // nothing but a client for another service, and the error says so
		}
		if hint := hintForTransport(err); hint != "" {
			return hint
		}
		if host == authy.DefaultHost {
			return "check --host, which is " + host + "; --sandbox needs no network"
		}
		return "check --host, which is " + host
	case authy.KindTimeout:
		if failure.Operation() == "wait_approval" {
			return ""
		}
		return "check --host, which is " + host + "; --timeout gives a call more time"
	}
	return ""
}

// hintForTransport helps with what is in the way of a host that may well be right.
func hintForTransport(err error) string {
	if failed, ok := errors.AsType[*net.OpError](err); ok && failed.Op == "proxyconnect" {
		return "check the proxy: --proxy, or HTTPS_PROXY of the environment; --proxy none does without"
	}
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return "--ca-file names further certificates to trust"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "check the clock of this machine; if it is right, the service needs a new certificate"
	}
	return ""
}

// hintForSetting helps with what a call needs beside its parameters.
func hintForSetting(invalid *authy.ValidationError) string {
	if strings.Contains(invalid.Op, ".") { // of a module's function
		return ""
	}
	for _, p := range invalid.Problems {
		switch {
		case p.Param == "key" && strings.HasPrefix(p.Reason, "is required") && !strings.Contains(p.Reason, "--sandbox"):
			return keyHint
		case p.Param == "access_key" || p.Param == "signing_key":
			return "set AUTHYSH_ACCESS_KEY and AUTHYSH_SIGNING_KEY, or access_key and signing_key in the configuration"
		}
	}
	return ""
}

// hintForScript helps with what modules have not, and with the sandbox module, which is there only sometimes.
func (a *app) hintForScript(err error) string {
	failure, ok := errors.AsType[*luabind.ScriptError](err)
	if !ok {
		return ""
	}
	if owner, lacks, found := strings.Cut(failure.Message, " has no "); found && !strings.Contains(lacks, "did you mean") {
		if _, _, known := a.manual().Help(owner); known {
			return "authysh help " + owner + " lists what it has"
		}
	}
	if a.sandbox {
		return ""
	}
	line, _, _ := a.sourceLine(failure.Where)
	if strings.Contains(line, "sandbox.") && strings.Contains(failure.Message, "nil") {
		return "the module sandbox is there only with --sandbox"
	}
	return ""
}
