-- http-notify: posts messages, and the results of batches, to a URL that takes JSON, such as a chat room's webhook.
--
-- Put the host of your webhook into permissions.net below, and its URL into the settings or into HTTP_NOTIFY_URL. The URL
-- often is a secret itself: it is never part of an error.

local plugin = require "plugin"

local function post(ctx, text)
  local url = ctx.config.url or env.get("HTTP_NOTIFY_URL")
  if not url then
    error("no URL is set: plugins.config.http-notify.url, or HTTP_NOTIFY_URL", 0)
  end
  for try = 1, ctx.config.tries do
    local answer = http.post(url, { json = { [ctx.config.field] = text }, timeout = "5s" })
    if answer.status < 300 then
      return { ok = true, status = answer.status, tries = try }
    end
    if answer.status ~= 429 and answer.status < 500 or try == ctx.config.tries then
      error("the server answered " .. answer.status, 0)
    end
    time.sleep(math.min(tonumber(answer.headers["retry-after"]) or try, 5))
  end
end

return plugin.define {
  name = "http-notify",
  version = "1.0.0",
  summary = "Posts messages and the results of batches to a URL.",
  requires = { authysh = ">=0.1" },
  permissions = { net = { "hooks.example.com" }, env = { "HTTP_NOTIFY_URL" } },
  config = {
    url = { type = "string", doc = "Where to post; HTTP_NOTIFY_URL when left out." },
    field = { type = "string", doc = "The name of the text in what is posted.", default = "text" },
    tries = { type = "integer", doc = "How often to try when the server is busy.", default = 3 },
    batches = { type = "boolean", doc = "Post the result of every batch.", default = true },
  },
  operations = {
    send = {
      doc = "Post one message.",
      effect = "sends",
      params = { { "text", "string", "Message text.", required = true, rule = "length 1-4000" } },
      result = {
        { "ok", "boolean", "The server took it." },
        { "status", "integer", "Its HTTP status." },
        { "tries", "integer", "How often it was asked." },
      },
      run = function(params, ctx)
        return post(ctx, params.text)
      end,
    },
  },
  hooks = {
    on_batch_end = function(call, ctx)
      if ctx.config.batches then
        local s = call.summary
        post(ctx, ("Batch: %d rows, %d done, %d failed, %d in doubt"):format(s.rows, s.done, s.failed, s.in_doubt))
      end
    end,
  },
  formats = {
    message = function(value)
      return type(value) == "string" and value or json.encode(value)
    end,
  },
}
