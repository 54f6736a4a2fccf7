-- Look up every phone number of a CSV file: is it a mobile, a landline, which carrier has it.
--
--   authysh --sandbox scripts/bulk_phone_check.lua                 a private sandbox and example data
--   authysh --sandbox scripts/bulk_phone_check.lua numbers.csv     your own rows: country_code and phone
--   AUTHY_KEY=... authysh --host URL scripts/bulk_phone_check.lua numbers.csv checked.csv
--
-- What was found is written to checked.csv, a row for each number, in the order of the numbers. Lookups only read, so a
-- run that was stopped can simply be started again; with a journal, as here outside of the sandbox, it goes on where
-- it stopped. A number that cannot be valid is not looked up. The exit code is 1 when a lookup failed.

local here = arg[0]:match("^(.*[/\\])") or ""
local path = arg[1] or here .. "users.example.csv"
local name = path == "-" and "stdin" or path

local summary = batch.run {
  source = csv.open(path, { columns = { "country_code", "phone" } }),
  key = function(row) return row.country_code .. " " .. row.phone end,
  on_duplicate = "skip",
  workers = 32,
  rate = 20, -- lookups are billed and limited; be polite
  journal = not sandbox and name .. ".lookup.journal" or nil,
  results = arg[2] or not sandbox and name .. ".checked.csv" or nil,
  ordered = true,
  columns = { "number", "type", "provider", "ported" },
  retry_failed = true,
  max_errors = "20%",

  each = function(row)
    local number = phone.parse(row.phone, row.country_code)
    local found = authy.get_phone_information { country_code = row.country_code, phone = row.phone }
    if sandbox then
      print(("  %-20s  %-8s  %s"):format(number.international, found.type, found.provider or ""))
    end
    return { number = number.e164, type = found.type, provider = found.provider, ported = found.ported }
  end,
}

local invalid = 0
for _, group in ipairs(summary.errors) do
  if group.kind == "validation" or group.kind == "source" then invalid = invalid + group.count end
end
local failed = summary.failed + summary.in_doubt - invalid
print(("%d numbers: %d looked up, %d invalid, %d twice in the file, %d failed"):format(
  summary.rows, summary.done, invalid, summary.duplicates, failed))
if summary.results then print("see " .. summary.results) end
os.exit(failed == 0 and 0 or 1)
