-- Delete users for good, by a list of their ids.
--
--   authysh --sandbox scripts/offboard.lua                    registers some users in a private sandbox, and deletes them
--   AUTHY_KEY=... authysh --host URL scripts/offboard.lua leavers.csv           a column authy_id; asks first
--   AUTHY_KEY=... authysh --host URL scripts/offboard.lua leavers.csv --yes     does not ask
--
-- The whole list is checked before anything is deleted. The run is recorded in leavers.csv.journal: when it was stopped, run
-- the same command again. A user who is gone already counts as deleted. The exit code is 0 when all users are gone, 1
-- when some are not, and 2 when nothing was done.

local path, yes
for _, word in ipairs(arg) do
  if word == "--yes" then
    yes = true
  elseif word:sub(1, 2) == "--" or path then
    io.stderr:write("offboard.lua: does not understand ", word, "; it takes a CSV file and --yes\n")
    os.exit(2)
  else
    path = word
  end
end

local function refuse(text)
  io.stderr:write("offboard.lua: ", text, "; nothing was deleted\n")
  os.exit(2)
end

-- Without a list, some people join and leave.
local example
if not path then
  if not sandbox then refuse("name a CSV file with a column authy_id") end
  example = os.tmpname()
  local list = csv.create(example, { header = { "authy_id" } })
  for _, number in ipairs { "911 234 567", "912 345 678", "913 456 789" } do
    local user = authy.register_user { country_code = "PT", phone = number, email = "somebody@example.com" }.user
    list:write { authy_id = user.id }
  end
  list:close()
  path, yes = example, true
end
if path == "-" then refuse("the list is read twice, so it cannot come from standard input: name a file") end

-- check reads the list once: a wrong id, or the wrong file, should be noticed before the first user is gone.
local function check()
  local count, rows = 0, csv.open(path, { columns = { "authy_id" } })
  for row in rows do
    if not row.authy_id:match("^%d+$") then
      refuse(("%s line %d: authy_id must be digits, got %q"):format(path, rows:line(), row.authy_id))
    end
    count = count + 1
  end
  if count == 0 then refuse(path .. " has no rows") end
  return count
end

local count = check()
local application = authy.get_application_details().app.name
if not yes then
  io.stderr:write(("This deletes %d users of %s for good. Type %d to go on: "):format(count, application, count))
  if io.read() ~= tostring(count) then refuse("not confirmed") end
end

local summary = batch.run {
  source = csv.open(path),
  key = "authy_id",
  workers = 8,
  rate = 20,
  journal = not example and path .. ".journal" or nil,
  retry_failed = true,
  on_doubt = "retry", -- deleting twice does no harm: the second time there is nobody
  max_errors = 10,

  each = function(row)
    local gone, err = authy.try.delete_user { authy_id = row.authy_id }
    if gone then return "deleted" end
    if err.code == "60026" or err.code == "60016" then return "was gone" end
    error(err)
  end,
}
if example then os.remove(example) end

print(("%d users: %d deleted, %d not"):format(summary.rows, summary.done, summary.rows - summary.done - summary.duplicates))
os.exit(summary.done + summary.duplicates == summary.rows and 0 or 1)
