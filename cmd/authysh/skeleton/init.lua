-- NAME: what the plugin is for. authysh help plugins explains all that can stand here.

local plugin = require "plugin"

return plugin.define {
  name = "NAME", -- also that of the directory
  version = "0.1.0",
  summary = "Says in one sentence what it does.",
  requires = { authysh = ">=0.1" },

  -- What it may use of the outside; whoever enables the plugin is shown this. Ask for little.
  permissions = {
    -- net = { "hooks.example.com" },
    -- env = { "VARIABLE_TOKEN" },
    -- write = { "log.txt" }, -- relative: in the plugin's own directory for data
  },

  -- Settings: plugins.config.NAME.greeting in the configuration, ctx.config.greeting here.
  config = {
    greeting = { type = "string", doc = "What messages begin with.", default = "Hello" },
  },

  -- MODULE.send{ text = "..." } in scripts, authysh NAME send --text ... in the shell.
  operations = {
    send = {
      doc = "Send one message.",
      effect = "sends", -- reads, sends, writes or deletes
      params = { { "text", "string", "The message.", required = true, rule = "length 1-200" } },
      result = { { "sent", "string", "What was sent." } },
      run = function(params, ctx)
        return { sent = ctx.config.greeting .. ", " .. params.text }
      end,
    },
  },

  -- Hooks go around every call.
  hooks = {
    before_call = function(call, ctx)
      if call.op == "delete_user" then
        return call:refuse("this plugin lets nobody be deleted")
      end
    end,
  },
}
