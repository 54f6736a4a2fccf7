-- Onboard people from a CSV file: check the phone, register the user, text a code, verify it.
--
--   authysh --sandbox scripts/onboard.lua                a private sandbox and example data
--   authysh --sandbox scripts/onboard.lua people.csv     your own rows: country_code, phone, email, perhaps name
--   AUTHY_KEY=... authysh --host URL scripts/onboard.lua people.csv
--
-- A row that cannot be right (phone, country, e-mail) is refused and the run goes on. The exit code is 0 when every
-- other row went through. In the sandbox the script reads the texted code itself; against a real service only the
-- person has it, so there the script stops once the code is sent.

local here = arg[0]:match("^(.*[/\\])") or ""
local path = arg[1] or here .. "users.example.csv"

-- pad fills a text to a width; bytes that only continue a UTF-8 character take no column.
local function pad(text, width)
  local _, continued = text:gsub("[\128-\191]", "")
  return text .. (" "):rep(width - (#text - continued))
end

local function report(mark, name, text)
  print(("  %s  %s  %s"):format(pad(mark, 8), pad(name, 18), text))
end

-- onboard takes one row through; it raises on the first step that fails.
local function onboard(row)
  local number = phone.parse(row.phone, row.country_code)
  local user = authy.register_user {
    country_code = row.country_code, phone = row.phone, email = row.email,
  }
  local id = user.user.id
  authy.request_sms { authy_id = id, force = true }
  if not sandbox then
    return ("%-20s  id %s  code sent, waiting for the person to type it"):format(number.international, id)
  end
  local code = sandbox.last_code { authy_id = id }
  authy.verify_token { authy_id = id, token = code, force = true }
  return ("%-20s  id %s  verified"):format(number.international, id)
end

print(("onboarding from %s"):format(path))
local rows = csv.open(path, { columns = { "country_code", "phone", "email" } })
local done, refused, failed = 0, 0, 0
while true do
  local read, row = pcall(rows.read, rows)
  if read and not row then break end
  local name = read and (row.name or row.email) or "line " .. rows:line()
  local ok, result = read, row
  if read then ok, result = pcall(onboard, row) end
  if ok then
    done = done + 1
    report("ok", name, result)
  elseif type(result) ~= "table" then -- a row that cannot be read
    refused = refused + 1
    report("refused", name, tostring(result))
  elseif result.code == "60001" or result.fields and result.fields.key then
    error(result) -- no key, or a wrong one: that is nothing to do with the row
  elseif result.kind == "validation" then
    refused = refused + 1
    report("refused", name, result.message)
  else
    failed = failed + 1
    report("failed", name, tostring(result))
  end
end

print(("%d rows: %d onboarded, %d refused, %d failed"):format(done + refused + failed, done, refused, failed))
if not sandbox then
  print("stopped before verifying: only the sandbox shows the codes that it sent (run with --sandbox to see the rest)")
end
os.exit(failed == 0 and 0 or 1)
