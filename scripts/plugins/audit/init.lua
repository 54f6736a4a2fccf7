-- audit: an append-only log of every call, one JSON object per line, with secrets masked.
--
-- The file is audit.jsonl in the plugin's data directory. A call that may not be repeated is written down before it is
-- made: when that fails, because the disk is full, say, the call is not made. What became of it is a second line.

local plugin = require "plugin"

local file = "audit.jsonl"

local function write(line)
  line.time = time.format(time.now(), "rfc3339")
  fs.append(file, json.encode(line) .. "\n")
end

-- A person's number and address are no secrets by name, but do not belong into a log either.
local function personal(params)
  local masked = plugin.mask(params)
  for _, name in ipairs { "phone", "email" } do
    local text = masked[name] and tostring(masked[name])
    if text then
      masked[name] = #text > 4 and "..." .. text:sub(-4) or "***"
    end
  end
  return masked
end

local function describe(call, outcome, ctx)
  return {
    outcome = outcome,
    op = call.op,
    effect = call.effect,
    params = ctx.config.personal and plugin.mask(call.params) or personal(call.params),
    milliseconds = math.floor(call.took * 1000 + 0.5),
  }
end

local function wanted(call, ctx)
  return not call.dry_run and (ctx.config.reads or call.effect ~= "reads")
end

return plugin.define {
  name = "audit",
  version = "1.0.0",
  summary = "Keeps an append-only log of every call, with secrets masked.",
  requires = { authysh = ">=0.1" },
  permissions = { write = { file } },
  config = {
    reads = { type = "boolean", doc = "Log calls that only read, too.", default = true },
    personal = { type = "boolean", doc = "Log phone numbers and e-mail addresses in full.", default = false },
  },
  hooks = {
    before_call = function(call, ctx)
      if wanted(call, ctx) and call.effect ~= "reads" then
        local line = describe(call, "begins", ctx)
        line.milliseconds = nil
        write(line)
      end
    end,
    after_call = function(call, ctx)
      if wanted(call, ctx) then
        write(describe(call, "done", ctx))
      end
    end,
    on_error = function(call, ctx)
      if wanted(call, ctx) then
        local line = describe(call, "failed", ctx)
        line.error = { kind = call.error.kind, code = call.error.code, status = call.error.status, message = call.error.message }
        write(line)
      end
    end,
    on_callback = function(call)
      write { outcome = "callback", callback = plugin.mask { status = call.callback.status, uuid = call.callback.uuid, authy_id = call.callback.authy_id } }
    end,
    on_batch_end = function(call)
      local s = call.summary
      write { outcome = "batch", rows = s.rows, done = s.done, failed = s.failed, in_doubt = s.in_doubt }
    end,
  },
}
