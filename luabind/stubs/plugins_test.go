package stubs

import (
	"context"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// TestOperationsOfPlugins: an operation of a plugin is defined in every style in which scripts can call it, as one of the
// API is.
func TestOperationsOfPlugins(t *testing.T) {
	t.Parallel()
	send, err := authy.Declare("notify send", "Post one message.", authy.Route{Name: "notify.send", Effect: authy.Sends},
		[]authy.Spec{{Name: "text", Type: "string", Doc: "Message text.", Required: true}, {Name: "via", Type: "string", Doc: "Where.", Values: []string{"chat", "mail"}}},
		[]authy.Spec{{Name: "ok", Type: "boolean", Doc: "whether it was posted"}},
		func(context.Context, map[string]any) (any, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	files := Generate(luabind.NewManual(nil, func(*luabind.Host) luabind.Module {
		return luabind.Module{Name: "notify", Doc: "Posts to a chat room.", Plugin: true, Operations: []authy.Operation{send}}
	}))
	text := textOf(t, files, "notify")
	for _, want := range []string{
		"---@class notify.send.Parameters\n---@field text string Message text\n---@field via? notify.via Where",
		"---@class notify.send.Result\n---@field ok boolean whether it was posted\n",
		"---@class notify.send.Task: task.Task\n---@field await fun(self: notify.send.Task): notify.send.Result\n",
		"---Post one message.\n---\n---It sends. Command: `authysh notify send`\n---@param parameters notify.send.Parameters\n---@return notify.send.Result result\n" +
			"---@overload fun(parameters: notify.send.Parameters, callback: fun(err: authy.Error?, result: notify.send.Result?))\nfunction notify.send(parameters) end\n",
		"---@class authysh.notify.try\nnotify.try = {}\n",
		"---@return notify.send.Result? result\n---@return authy.Error? err\nfunction notify.try.send(parameters) end\n",
		"---@class authysh.notify.async\nnotify.async = {}\n",
		"---@return notify.send.Task\nfunction notify.async.send(parameters) end\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	api := textOf(t, files, "authy")
	for _, want := range []string{
		"---@class authysh.authy.plugins\n---@field notify authysh.notify\nauthy.plugins = {}\n",
		"---@class authysh.authy.try.plugins\n---@field notify authysh.notify.try\nauthy.try.plugins = {}\n",
		"---@class authysh.authy.async.plugins\n---@field notify authysh.notify.async\nauthy.async.plugins = {}\n",
	} {
		if !strings.Contains(api, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, f := range files {
		if _, err := luabind.Parse(f.Text, f.Name); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	for _, f := range Generate(luabind.NewManual(nil)) {
		if strings.Contains(f.Text, ".plugins = ") {
			t.Errorf("%s: plugins without a plugin", f.Name)
		}
	}
}
