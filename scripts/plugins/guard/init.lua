-- guard: lets through only what is allowed: operations, countries, and so many texts and calls a day.
--
-- The count of the day (UTC) is in the plugin's data directory, so that it holds over many runs, also over those that go
-- on at the same moment.

local plugin = require "plugin"

local file = "sent.json"

-- The calling code of a country in any notation: "PT", "+351" and 351 are 351.
local codes
local function calling_code(country)
  if not codes then
    codes = {}
    for _, c in ipairs(phone.countries()) do
      codes[c.region] = c.calling_code
    end
  end
  local text = tostring(country):upper():gsub("^%+", "")
  return codes[text] or tonumber(text)
end

local function includes(list, matches)
  for _, item in ipairs(list) do
    if matches(item) then
      return true
    end
  end
  return false
end

-- Counts one more message of today, unless there are as many as may be.
local function take(today, most)
  local taken = false
  fs.update(file, function(text)
    local known = text and json.decode(text) or {}
    local count = known.day == today and known.count or 0
    taken = count < most
    return taken and json.encode { day = today, count = count + 1 } or nil
  end)
  return taken
end

return plugin.define {
  name = "guard",
  version = "1.0.0",
  summary = "Allows only some operations, countries and messages a day.",
  requires = { authysh = ">=0.1" },
  permissions = { write = { file } },
  config = {
    operations = { type = "string[]", doc = "Operations that are allowed, such as get_*; all when left out." },
    countries = { type = "string[]", doc = "Countries that are allowed, such as PT or 351; all when left out." },
    daily = { type = "integer", doc = "How many texts, calls and pushes may be sent in a day; any number when left out." },
  },
  hooks = {
    before_call = function(call, ctx)
      local allowed = ctx.config
      if allowed.operations and not includes(allowed.operations, function(pattern)
        local stem = pattern:match("^(.*)%*$")
        return pattern == call.op or stem ~= nil and call.op:sub(1, #stem) == stem
      end) then
        return call:refuse("the operation is not among those that are allowed")
      end

      local country = call.params.country_code
      if allowed.countries and country ~= nil then
        local code = calling_code(country)
        if not code or not includes(allowed.countries, function(c) return calling_code(c) == code end) then
          return call:refuse("the country " .. tostring(country) .. " is not among those that are allowed")
        end
      end

      if allowed.daily and call.effect == "sends" and not call.dry_run then
        local today = time.format(time.now(), "%Y-%m-%d")
        if not take(today, allowed.daily) then
          return call:refuse("the " .. allowed.daily .. " messages of " .. today .. " are sent; the next may go out tomorrow")
        end
      end
    end,
  },
}
