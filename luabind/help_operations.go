package luabind

// operationNote is what help tells of an operation beyond the catalogue.
type operationNote struct {
	// example is a chunk that runs in the sandbox as it stands.
	example string
	// codes are the error codes that the service answers to this call in particular; see errorCodes.
	codes []string
	// source is where the call is described.
	source string
}

// exampleUser begins the examples that need a user.
const exampleUser = `local user = authy.register_user{
  country_code = "PT", phone = "911 234 567", email = "ana@example.com",
}.user
`

// Where the calls are described.
const (
	sourceUsers   = `Twilio, Authy API, "Users"`
	sourceTokens  = `Twilio, Authy API, "One-Time Passwords"`
	sourcePush    = `Twilio, Authy API, "Push Authentications"`
	sourceApps    = `Twilio, Authy API, "Applications"`
	sourceHooks   = `Twilio, Authy API, "Webhooks API"`
	sourceVerify  = `Twilio, Verify v1, "Phone Verification"`
	sourceClients = `public client libraries of the API; Twilio's pages do not describe it`
)

// operationNotes has one note for each operation of the catalogue; tests run the examples and hold the two together.
var operationNotes = map[string]operationNote{
	"register_user": {
		example: `local user = authy.register_user{
  country_code = "PT", phone = "911 234 567", email = "ana@example.com",
}
print(user.user.id)`,
		codes: []string{"60027"}, source: sourceUsers,
	},
	"get_user_status": {
		example: exampleUser + `print(authy.get_user_status{ authy_id = user.id }.status.phone_number)`,
		codes:   []string{"60026"}, source: sourceUsers,
	},
	"update_user": {
		example: exampleUser + `authy.update_user{ authy_id = user.id, email = "ana@example.org" }`,
		codes:   []string{"60026", "60038"}, source: sourceUsers,
	},
	"delete_user": {
		example: exampleUser + `authy.delete_user{ authy_id = user.id }`,
		codes:   []string{"60026"}, source: sourceUsers,
	},
	"request_sms": {
		example: exampleUser + `authy.request_sms{ authy_id = user.id, force = true, locale = "pt" }`,
		codes:   []string{"60026", "60007", "60017"}, source: sourceTokens,
	},
	"request_call": {
		example: exampleUser + `authy.request_call{ authy_id = user.id, force = true }`,
		codes:   []string{"60026", "60006", "60017"}, source: sourceTokens,
	},
	"request_email": {
		example: exampleUser + `authy.request_email{ authy_id = user.id }`,
		codes:   []string{"60026", "60017"}, source: sourceTokens,
	},
	"verify_token": {
		example: exampleUser + `authy.request_sms{ authy_id = user.id, force = true }
local code = sandbox.last_code{ authy_id = user.id } -- a person types it
authy.verify_token{ authy_id = user.id, token = code, force = true }`,
		codes: []string{"60016", "60017", "60019", "60020"}, source: sourceTokens,
	},
	"create_user_secret": {
		example: exampleUser + `print(authy.create_user_secret{ authy_id = user.id, label = "ana" }.qr_code)`,
		codes:   []string{"60026", "60122", "60123"}, source: sourceClients,
	},
	"export_user_secret": {
		example: exampleUser + `authy.create_user_secret{ authy_id = user.id }
local seed = authy.export_user_secret{ authy_id = user.id }.secret`,
		codes: []string{"60026", "60154"}, source: `Twilio, "Export TOTP Secret Seed"`,
	},
	"export_user_phone": {
		example: exampleUser + `print(authy.export_user_phone{ authy_id = user.id }.e164)`,
		codes:   []string{"60026", "60154"}, source: `Twilio, "Export API for Authy User Phone Numbers"`,
	},
	"get_registration_status": {
		example: `local res, err = authy.try.get_registration_status{ custom_user_id = "ana" }
print(res and res.registration.status or err.message)`,
		codes: []string{"60035"}, source: sourceUsers,
	},
	"register_activity": {
		example: exampleUser + `authy.register_activity{
  authy_id = user.id, type = "password_reset", data = { reason = "forgotten" },
}`,
		codes: []string{"60026", "60029"}, source: sourceClients,
	},
	"get_application_details": {
		example: `print(authy.get_application_details().app.name)`,
		source:  sourceApps,
	},
	"get_application_statistics": {
		example: `for _, month in ipairs(authy.get_application_statistics().stats) do
  print(month.year, month.month, month.sms_count)
end`,
		source: sourceApps,
	},
	"start_phone_verification": {
		example: `authy.start_phone_verification{
  country_code = "PT", phone = "911 234 567", via = "sms", locale = "pt",
}`,
		codes: []string{"60021", "60033", "60078", "60082", "60083", "60091"}, source: sourceVerify,
	},
	"verify_phone": {
		example: `local number = { country_code = "PT", phone = "911 234 567", via = "sms" }
authy.start_phone_verification(number)
local code = sandbox.last_code{ phone = "+351 911 234 567" } -- a person types it
authy.verify_phone{ country_code = "PT", phone = "911 234 567", token = code }`,
		codes: []string{"60022", "60023", "60033"}, source: sourceVerify,
	},
	"get_phone_verification_status": {
		example: `local number = { country_code = "PT", phone = "911 234 567", via = "call" }
authy.start_phone_verification(number)
number.via = nil
print(authy.get_phone_verification_status(number).status)`,
		codes: []string{"60023", "60042"}, source: sourceVerify,
	},
	"get_phone_information": {
		example: `print(authy.get_phone_information{ country_code = "PT", phone = "911 234 567" }.type)`,
		codes:   []string{"60025", "60033"}, source: sourceClients,
	},
	"send_feedback": {
		example: `local sent = authy.start_phone_verification{
  country_code = "PT", phone = "911 234 567", via = "sms", custom_code = "4711",
}
authy.send_feedback{ sms_id = sent.sms_id, outcome = "received" }`,
		codes: []string{"60032"}, source: `Twilio, Verify v1, "Feedback API"`,
	},
	"create_approval_request": {
		example: exampleUser + `sandbox.register_app(user.id) -- a person installs the app
local asked = authy.create_approval_request{
  authy_id = user.id, message = "Log in to Example Bank?", ttl = "2m",
  details = { visible = { location = "Lisbon" }, hidden = { session = "5f2b9c" } },
}
print(asked.approval_request.uuid)`,
		codes: []string{"60026", "60050", "60051", "60065"}, source: sourcePush,
	},
	"get_approval_request": {
		example: exampleUser + `sandbox.register_app(user.id) -- a person installs the app
local asked = authy.create_approval_request{ authy_id = user.id, message = "Log in?" }
local id = asked.approval_request.uuid
print(authy.get_approval_request{ id = id }.approval_request.status)`,
		codes: []string{"60049"}, source: sourcePush,
	},
	"create_webhook": {
		example: `local hook = authy.create_webhook{
  name = "users", url = "https://example.com/authy",
  events = { "user_added", "user_removed" },
}.webhook
print(hook.id)`,
		codes: []string{"60071", "60072", "60074", "60098"}, source: sourceHooks,
	},
	"list_webhooks": {
		example: `local list = authy.list_webhooks().webhooks
print(#list .. " webhooks")`,
		codes: []string{"60071", "60072", "60099"}, source: sourceHooks,
	},
	"delete_webhook": {
		example: `local hook = authy.create_webhook{
  name = "users", url = "https://example.com/authy", events = { "user_added" },
}.webhook
authy.delete_webhook{ id = hook.id }`,
		codes: []string{"60071", "60072", "60100"}, source: sourceHooks,
	},
}

// commonCodes may come from any call.
var commonCodes = []string{"60001", "60003"}

// errorCodes says what Authy's error codes mean, as far as help names them.
var errorCodes = map[string]string{
	"60001": "the API key is not accepted",
	"60003": "too many requests; wait as long as retry_after says",
	"60006": "calls are not enabled for the application",
	"60007": "texts are not enabled for the application",
	"60016": "there is no user with this id",
	"60017": "the user is suspended, as after many wrong codes",
	"60019": "the code was used already",
	"60020": "the code is wrong or too old",
	"60021": "the verification could not be started",
	"60022": "the code is wrong",
	"60023": "no verification is pending: checked, expired or never started",
	"60025": "the number could not be looked up",
	"60026": "there is no user with this id",
	"60027": "phone or e-mail address is not accepted; fields says which",
	"60029": "the activity could not be recorded",
	"60032": "there is no text with this id",
	"60033": "the phone number is not valid",
	"60035": "there is no registration with this id",
	"60038": "the e-mail address is not accepted",
	"60042": "neither uuid nor country_code and phone were given",
	"60049": "there is no approval request with this id",
	"60050": "the user does not have the Authy app",
	"60051": "the user has no device that could show it",
	"60065": "push approvals are not enabled for the application",
	"60071": "the dashboard's access key is not known",
	"60072": "the dashboard's access key is not accepted",
	"60074": "the dashboard's access key may not do this",
	"60078": "codes cannot be sent to this country",
	"60082": "a landline takes no texts; a call may do",
	"60083": "no carrier has this number",
	"60091": "the application may not send codes or texts of its own",
	"60098": "the webhook could not be made",
	"60099": "the webhooks could not be listed",
	"60100": "the webhook could not be removed",
	"60122": "the QR code could not be made",
	"60123": "authenticator apps are not enabled for the application",
	"60154": "exports are not enabled for the application",
}

// functionExamples are examples of the functions that modules bring; tests run them in the sandbox.
var functionExamples = map[string]string{
	"authy.wait_approval": exampleUser + `sandbox.register_app(user.id)
local asked = authy.create_approval_request{ authy_id = user.id, message = "Log in?" }
local id = asked.approval_request.uuid
sandbox.approve(id) -- a person presses the button
print(authy.wait_approval{ id = id, timeout = "2m" }.approval_request.status)`,
	"authy.client":          `local other = authy.client{ key = "another-key", timeout = "10s" }`,
	"authy.verify_callback": callbackExample,
	"authy.sign_callback":   callbackExample,
	"json.encode":           `print(json.encode({ name = "ana", tags = { "a", "b" } }, { indent = 2 }))`,
	"json.decode":           `print(json.decode('{"name":"ana"}').name)`,
	"json.array":            `print(json.encode{ list = json.array{} })`,
	"csv.open": `local out = csv.create("people.csv", { header = { "name" } })
out:write{ name = "ana" }
out:close()
for row in csv.open("people.csv") do print(row.name) end`,
	"csv.create": `local out = csv.create("people.csv", { header = { "name", "phone" } })
out:write{ name = "ana", phone = "+351911234567" }
out:close()`,
	"csv.parse":    `for _, row in ipairs(csv.parse("name,age\nana,31\n")) do print(row.name, row.age) end`,
	"csv.encode":   `print(csv.encode({ { name = "ana", age = 31 } }, { header = { "name", "age" } }))`,
	"phone.parse":  `print(phone.parse("911 234 567", "PT").e164)`,
	"phone.valid":  `print(phone.valid("12", "PT"))`,
	"phone.format": `print(phone.format("+351911234567", nil, "international"))`,
	"phone.countries": `for _, country in ipairs(phone.countries()) do
  if country.calling_code == 351 then print(country.name) end
end`,
	"totp.generate": `local code = totp.generate{ secret = totp.secret(), digits = 7, period = "10s" }`,
	"totp.validate": `local seed = totp.secret()
print(totp.validate(totp.generate(seed), seed))`,
	"totp.uri":    `print(totp.uri{ secret = totp.secret(), issuer = "Bank", account = "ana" })`,
	"totp.secret": `local seed = totp.secret()`,
	"time.now":    `print(time.format(time.now(), "rfc3339"))`,
	"time.sleep":  `time.sleep("10ms")`,
	"task.spawn": `local t = task.spawn(function(a, b) return a + b end, 1, 2)
print(t:await())`,
	"task.all": `local app = authy.async.get_application_details{}
local statistics = authy.async.get_application_statistics{}
print(task.all{ app, statistics }:await()[1].app.name)`,
	"task.any": `local failing, fine = task.spawn(error, "no"), task.spawn(tostring, "yes")
print(task.any{ failing, fine }:await())`,
	"task.race": `local slow = task.spawn(task.sleep, "2s")
print(task.race{ slow, task.spawn(tostring, "first") }:await())`,
	"task.map": `local found = task.map({ "911 234 567", "912 345 678" }, function(number)
  return phone.parse(number, "PT").e164
end, { concurrency = 8 })
print(found[1], found[2])`,
	"task.sleep":   `task.sleep("10ms")`,
	"task.timeout": `local app = task.timeout("5s", function() return authy.get_application_details() end)`,
	"task.yield": `local t = task.spawn(function() print("in between") end)
for i = 1, 3 do task.yield() end`,
	"batch.run": `local people = { { phone = "911 234 567" }, { phone = "912 345 678" } }
local summary = batch.run{
  source = people, key = "phone", workers = 8,
  each = function(row) return phone.parse(row.phone, "PT").e164 end,
}
print(summary.done .. " of " .. summary.rows)`,
	"flow.define": `local onboard = flow.define("onboard", {
  { "register", function(ctx) return authy.register_user(ctx.input) end,
    undo = function(ctx) authy.delete_user{ authy_id = ctx.register.user.id } end },
  { "text", function(ctx)
    return authy.request_sms{ authy_id = ctx.register.user.id }
  end, retry = { times = 3 } },
})
onboard:describe()
local ana = { country_code = "PT", phone = "911 234 567", email = "ana@example.com" }
print(onboard:run(ana).register.user.id)`,
	"callbacks.serve": `local server = callbacks.serve{
  addr = "127.0.0.1:0", key = "the-application-key",
  on_approval = function(callback) print(callback.uuid, callback.status) end,
}
print(server.url)
server:stop() -- or server:wait(), until Ctrl-C`,
	"time.format":    `print(time.format(0, "%Y-%m-%d", "Europe/Lisbon"))`,
	"time.parse":     `print(time.parse("2026-01-31T12:00:00Z"))`,
	"time.since":     `local start = time.now() print(time.since(start) < 60)`,
	"time.duration":  `print(time.duration("1h30m"))`,
	"time.monotonic": `local start = time.monotonic() print(time.monotonic() >= start)`,
	"log.debug":      `log.debug("looked up", { user = 1635 })`,
	"log.info":       `log.info("onboarded", { user = 1635 })`,
	"log.warn":       `log.warn("row refused", { line = 7 })`,
	"log.error":      `log.error("gave up", { after = "3 tries" })`,
}

const callbackExample = `local request = authy.sign_callback{
  url = "https://example.com/callback",
  body = {
    authy_id = 1635, callback_action = "approval_request_status", device_uuid = 2102943,
    status = "approved", uuid = "4a725520-bff5-0135-eb01-0e5d90336a8c",
  },
}
print(authy.verify_callback(request).status)`
