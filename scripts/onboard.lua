-- Onboard people from a CSV file: check the phone, register the user, text a code. In the sandbox also verify the code.
--
--   authysh --sandbox scripts/onboard.lua                a private sandbox and example data
--   authysh --sandbox scripts/onboard.lua people.csv     your own rows: country_code, phone, email, perhaps name
--   AUTHY_KEY=... authysh --host URL scripts/onboard.lua people.csv
--
-- Outside of the sandbox, the run is recorded in people.csv.journal. When it was stopped, or the machine died, run the same
-- command again: it goes on where it stopped, and texts nobody twice. A row that cannot be right is refused and the
-- run goes on. What became of each row is in people.csv.results.csv. The exit code is 0 when every row that is not
-- refused went through.

local here = arg[0]:match("^(.*[/\\])") or ""
local path = arg[1] or here .. "users.example.csv"
local name = path == "-" and "stdin" or path

-- A private sandbox forgets everything at the end, so there is nothing to resume.
local journal = not sandbox and name .. ".journal" or nil
local results = not sandbox and name .. ".results.csv" or nil

local onboard = flow.define("onboard", {
  { "number", function(ctx)
    return phone.parse(ctx.input.phone, ctx.input.country_code).international
  end },

  -- There is no undo: the user may have been there before, as Authy knows people by their phone.
  { "register", function(ctx)
    local row = ctx.input
    return authy.register_user { country_code = row.country_code, phone = row.phone, email = row.email }.user.id
  end, retry = { times = 3 } },

  { "text", function(ctx)
    return authy.request_sms { authy_id = ctx.register, force = true }.success
  end, retry = { times = 3 } },

  -- Only the sandbox knows the code that the person would read on their phone.
  { "verify", function(ctx)
    if not sandbox then return "code sent" end
    local code = sandbox.last_code { authy_id = ctx.register }
    authy.verify_token { authy_id = ctx.register, token = code, force = true }
    return "verified"
  end },
})

-- pad fills a text to a width; bytes that only continue a UTF-8 character take no column.
local function pad(text, width)
  local _, continued = text:gsub("[\128-\191]", "")
  return text .. (" "):rep(width - (#text - continued))
end

-- report shows a row in the sandbox, where there are few. Elsewhere the progress bar must do.
local function report(mark, row, text)
  if sandbox then print(("  %s  %s  %s"):format(pad(mark, 8), pad(row.name or row.email, 18), text)) end
end

local function each(row)
  local ok, done = pcall(onboard.run, onboard, row)
  if not ok then
    report(done.kind == "validation" and "refused" or "failed", row, done.cause and tostring(done.cause) or tostring(done))
    error(done, 0)
  end
  report("ok", row, ("%-20s  id %s  %s"):format(done.number, done.register, done.verify))
  return { authy_id = done.register }
end

authy.get_application_details() -- a wrong key is better found out before the first row

print(("onboarding from %s"):format(path))
local summary = batch.run {
  source = csv.open(path, { columns = { "country_code", "phone", "email" } }),
  key = function(row) return row.country_code .. " " .. row.phone end,
  workers = 16,
  rate = 50,
  journal = journal,
  retry_failed = true,
  results = results,
  max_errors = "20%",
  each = each,
}

local refused = 0
for _, group in ipairs(summary.errors) do
  if group.kind == "validation" or group.kind == "source" then refused = refused + group.count end
end
local failed = summary.failed + summary.in_doubt - refused
print(("%d rows: %d onboarded, %d refused, %d failed"):format(summary.rows, summary.done, refused, failed))
if not sandbox then
  print("stopped before verifying: only the sandbox shows the codes that it sent (run with --sandbox to see the rest)")
end
os.exit(failed == 0 and 0 or 1)
