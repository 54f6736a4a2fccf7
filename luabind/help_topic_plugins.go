package luabind

// topicPlugins is for those who write plugins.
var topicPlugins = Topic{
	Name: "plugins", Doc: "How a plugin is written, and what it may do.",
	Text: `A plugin is a directory with an init.lua. Its name is that of the directory.

  local plugin = require "plugin"
  return plugin.define {
    name = "notify", version = "1.0.0", summary = "Posts to a chat room.",
    requires = { authysh = ">=0.1" },
    permissions = { net = { "hooks.example.com" }, env = { "NOTIFY_URL" } },
    config = { room = { type = "string", doc = "Where.", default = "ops" } },
    operations = { send = {
      doc = "Post one message.", effect = "sends", result = { ok = "boolean" },
      params = { { "text", "string", "Message text.", required = true } },
      run = function(params, ctx) ... return { ok = true } end,
    } },
    hooks = { before_call = function(call, ctx) ... end },
    formats = { markdown = function(value, ctx) ... return text end },
  }

Scripts call notify.send{ text = "..." }, also as notify.try.send and
notify.async.send; a dash in the name becomes _ there. Types are string,
integer, number, boolean, string[] and table; a parameter may have
values = { ... } or a rule such as "length 1-200", "range 1-10" or "email".
A result may be a list, too: { { "ok", "boolean", "Whether it was posted." } }.
ctx.config has the settings.

Hooks go around every operation. The first plugin is the outermost: its
before_call comes first, its after_call last.

  before_call(call)   call.op, call.effect, call.params, call.dry_run; what it
                      changes in call.params is what is sent
  after_call(call)    also call.result and call.took, in seconds
  on_error(call)      call.error: kind, message, code, status
  on_callback(call)   call.callback, after its signature was found right
  on_batch_end(call)  call.summary, as batch.run gives it

  call:refuse("why")  the call is not made, and raises an error with the reason
  call:answer{ ... }  gives the result: in place of the call, or of what came

In a dry run of a flow or a command, call.dry_run is true: before_call may
change or refuse the call as ever, and should do nothing else; it is not made.

A format gets a result as scripts know it, and gives its text: --output markdown
shows the result of any command by it, and .output markdown all values at the
prompt. The program's own formats, and those of plugins further out, come first.

init.lua itself should do no more than define: then a plugin that is enabled is
loaded when an operation, hook or format of it is first needed. One that uses
its permissions there, or waits, is loaded at the start of every command.

An error in before_call keeps the call from being made. One in after_call,
on_error or on_batch_end cannot undo it, and goes to the log.

Plugins have Lua without os, io, debug and load, their own files by require, the
modules json, csv (texts), phone, totp, time and log, and as far as permitted:

  http.get(url, { headers = , timeout = })      status, headers, body
  http.post(url, { json = | form = | body = })  http.request{ method = , url = }
  env.get(name)
  fs.read(path)  fs.list(path)  fs.write(path, text)  fs.append(path, text)
  fs.update(path, function(text) return text end)
  exec.run(program, { arguments }, { stdin = }) code, stdout, stderr; no shell

fs.update gives the function what the file holds, or nil, and writes what it
returns, unless that is nil. Other programs that update the file wait meanwhile,
by a file beside it with .lock in its name.

A permission is a list. Entries of net are hosts:

  "hooks.example.com"      by https, and at public addresses only
  "*.example.com:8443"     all names below, at this port
  "http://127.0.0.1:3000"  by http as well; an address may be a private one
  "private:chat.corp"      a name that may lead to a private address

env has names; read and write have files or directories, relative ones in the
plugin's own directory for data; exec has programs. No permission opens the
program's configuration, the file of the key, or what other plugins keep.
plugin.mask(value) is a copy with *** for what is secret by its name.`,
}
