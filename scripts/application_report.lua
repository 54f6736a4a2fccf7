-- Report what an application is and how much it was used, month by month.
--
--   authysh --sandbox scripts/application_report.lua
--   AUTHY_KEY=... authysh --host URL scripts/application_report.lua > report.txt

if sandbox then -- some life to report on
  local user = authy.register_user { country_code = "PT", phone = "911 234 567", email = "ana@example.com" }
  authy.request_sms { authy_id = user.user.id, force = true }
  authy.verify_token { authy_id = user.user.id, token = sandbox.last_code { authy_id = user.user.id }, force = true }
end

local app = authy.get_application_details().app
print(("%s (application %s, plan %s)"):format(app.name, app.app_id, app.plan or "unknown"))

local function channel(name, enabled) return ("%s %s"):format(name, enabled and "on" or "off") end
print(table.concat({
  channel("texts", app.sms_enabled), channel("calls", app.phone_calls_enabled), channel("push", app.onetouch_enabled),
}, ", "))

local usage = authy.get_application_statistics()
print(("users: %d"):format(usage.total_users))
print()
print(("%-16s %8s %8s %8s %8s %10s"):format("month", "logins", "users", "texts", "calls", "API calls"))
for _, month in ipairs(usage.stats) do
  print(("%-16s %8d %8d %8d %8d %10d"):format(
    month.month .. " " .. month.year, month.auths_count, month.users_count, month.sms_count, month.calls_count,
    month.api_calls_count))
end
