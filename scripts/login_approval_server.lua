-- Ask a user to approve a login, and wait for the callback that tells the answer, rather than ask for it again and again.
--
--   authysh --sandbox scripts/login_approval_server.lua          with a user of its own, who approves
--   authysh --sandbox scripts/login_approval_server.lua deny     the same user denies
--   AUTHY_KEY=... authysh --host URL scripts/login_approval_server.lua 1635 https://example.com/callback/onetouch
--
-- The last form is for a service that calls the URL, behind which a proxy or tunnel leads to 127.0.0.1:8080. When no
-- callback has come within the time, the script asks once: a callback can get lost, an answer cannot.

local authy_id, public_url = tonumber(arg[1]), arg[2]
assert(authy_id or sandbox, "give the Authy id of a user: authysh scripts/login_approval_server.lua 1635 https://...")

-- Only what is genuine gets here, and each answer once. An error would make the service call again.
local server = callbacks.serve {
  addr = sandbox and "127.0.0.1:0" or "127.0.0.1:8080",
  public_url = public_url,
  on_approval = function(callback)
    log.info("answered", { request = callback.uuid, status = callback.status })
  end,
}
print("waiting for callbacks at " .. server.url)

if not authy_id then
  local ana = { country_code = "PT", phone = "911 234 567", email = "ana@example.com" }
  authy_id = authy.register_user(ana).user.id
  sandbox.register_app(authy_id) -- pushes need the app
  sandbox.set_callback(server.url)
end

local id = authy.create_approval_request({
  authy_id = authy_id,
  message = "Log in to Example Bank?",
  details = { visible = { location = "Lisbon, PT" } },
  ttl = "2m",
}).approval_request.uuid
print("asked, request " .. id)

-- In the sandbox nobody holds the phone, so the script presses the button itself.
if sandbox then
  if arg[1] == "deny" then sandbox.deny(id) else sandbox.approve(id) end
end

local answer = server:wait_approval { id = id, timeout = "2m" }
local status = answer and answer.status or authy.get_approval_request { id = id }.approval_request.status
server:stop()
print(("the user's answer: %s, %s"):format(status, answer and "by callback" or "asked for"))

if status == authy.enums.approval_request_status.APPROVED then
  print("letting them in")
else
  print("login refused")
  os.exit(1)
end
