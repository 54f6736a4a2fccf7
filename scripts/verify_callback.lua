-- Verify a push approval callback, as a web server would on receiving it.
--
--   authysh --sandbox scripts/verify_callback.lua
--   authysh --key KEY scripts/verify_callback.lua request.json
--
-- request.json holds what your server received: { "method": "POST", "url": "https://...", "headers": {...},
-- "body": "the raw text" }. Without a file the script signs a callback of its own, then spoils it.

local function show(request)
  local ok, result = pcall(authy.verify_callback, request)
  if ok then
    print(("genuine: user %s %s request %s"):format(result.authy_id, result.status, result.uuid))
  else
    print("refused: " .. tostring(result))
  end
  return ok
end

if arg[1] then
  local file = assert(io.open(arg[1]))
  local request = json.decode(file:read("*a"))
  file:close()
  os.exit(show(request) and 0 or 1)
end

local request = authy.sign_callback {
  url = "https://example.com/callback/onetouch",
  body = {
    authy_id = 1635,
    callback_action = "approval_request_status",
    device_uuid = 2102943,
    status = "approved",
    uuid = "4a725520-bff5-0135-eb01-0e5d90336a8c",
  },
}
show(request)

-- Somebody turns a denial into an approval, or says it was another user: the signature no longer fits.
request.body = request.body:gsub("1635", "1636")
show(request)
