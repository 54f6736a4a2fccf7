-- Ask a user to approve a login on their phone, wait for the answer, act on it.
--
--   authysh --sandbox scripts/approve_login.lua                     with a user of its own, who approves
--   authysh --sandbox scripts/approve_login.lua deny                the same user denies
--   AUTHY_KEY=... authysh --host URL scripts/approve_login.lua 1635     your user 1635, who has the Authy app

local authy_id = tonumber(arg[1])
if not authy_id then
  assert(sandbox, "give the Authy id of a user: authysh scripts/approve_login.lua 1635")
  local user = authy.register_user { country_code = "PT", phone = "911 234 567", email = "ana@example.com" }
  authy_id = user.user.id
  sandbox.register_app(authy_id) -- pushes need the app
end

local created = authy.create_approval_request {
  authy_id = authy_id,
  message = "Log in to Example Bank?",
  details = {
    visible = { username = "ana", location = "Lisbon, PT" },
    hidden = { session = "5f2b9c" },
  },
  logos = { { res = "default", url = "https://example.com/logo.png" } },
  ttl = "2m",
}
local id = created.approval_request.uuid
print("asked, request " .. id)

-- In the sandbox nobody holds the phone, so the script presses the button itself.
if sandbox then
  if arg[1] == "deny" then sandbox.deny(id) else sandbox.approve(id) end
end

local answer = authy.wait_approval { id = id, timeout = "2m" }
local status = answer.approval_request.status
print("the user's answer: " .. status)

if status == authy.enums.approval_request_status.APPROVED then
  print("letting them in")
else
  print("login refused")
  os.exit(1)
end
