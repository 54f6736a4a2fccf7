-- Verify that somebody holds a phone: send a code to it, check what they type.
--
--   authysh --sandbox scripts/verify_phone.lua
--   AUTHY_KEY=... authysh --host URL scripts/verify_phone.lua "911 234 567" PT

local number, country = arg[1] or "911 234 567", arg[2] or "PT"

-- Look first: a landline takes no texts.
local about = authy.try.get_phone_information { phone = number, country_code = country }
local via = about and about.type == "landline" and authy.enums.verification_via.CALL or authy.enums.verification_via.SMS

local started = authy.start_phone_verification { phone = number, country_code = country, via = via, code_length = 6 }
print(started.message)

local code
if sandbox then
  code = sandbox.last_code { phone = phone.parse(number, country).e164 }
else
  io.write("code: ")
  code = io.read()
end

local checked, err = authy.try.verify_phone { phone = number, country_code = country, token = code or "" }
if not checked then
  print("not verified: " .. tostring(err))
  os.exit(1)
end
print(checked.message)
