package private

import "github.com/authysh/authysh/luabind"

// What help and the documentation show of the module sandbox; a test runs each.

// sandboxUser begins the examples that need a user.
const sandboxUser = `local user = authy.register_user{
  country_code = "PT", phone = "911 234 567", email = "ana@example.com",
}.user
`

// sandboxApproval begins those that need an approval request.
const sandboxApproval = sandboxUser + `sandbox.register_app(user.id)
local asked = authy.create_approval_request{ authy_id = user.id, message = "Log in?" }
local uuid = asked.approval_request.uuid
`

// Examples are chunks that run in a private sandbox as they stand, by the function that they show.
var Examples = map[string]string{
	"outbox": sandboxUser + `authy.request_sms{ authy_id = user.id, force = true }
for _, message in ipairs(sandbox.outbox{ channel = "sms" }) do
  print(message.to, message.text)
end`,
	"last_code": sandboxUser + `authy.request_sms{ authy_id = user.id, force = true }
print(sandbox.last_code{ authy_id = user.id })`,
	"users": sandboxUser + `for _, known in ipairs(sandbox.users{ search = "example.com" }) do
  print(known.id, known.phone)
end

local page = sandbox.users{ limit = 50 } -- the newest 50, and then those before
while #page > 0 do
  for _, known in ipairs(page) do print(known.id) end
  page = sandbox.users{ limit = 50, before = page[1].id }
end`,
	"token": sandboxUser + `sandbox.register_app(user.id)
print(authy.verify_token{ authy_id = user.id, token = sandbox.token(user.id) }.token)`,
	"approvals": sandboxApproval + `for _, pending in ipairs(sandbox.approvals{ status = "pending" }) do
  print(pending.uuid, pending.message)
end`,
	"activities": sandboxUser + `authy.register_activity{ authy_id = user.id, type = "banned" }
for _, activity in ipairs(sandbox.activities{ authy_id = user.id }) do
  print(activity.time, activity.type)
end`,
	"approve": sandboxApproval + `sandbox.approve(uuid)
print(authy.get_approval_request{ id = uuid }.approval_request.status)`,
	"deny": sandboxApproval + `sandbox.deny(uuid)
print(authy.get_approval_request{ id = uuid }.approval_request.status)`,
	"register_app": sandboxUser + `sandbox.register_app(user.id)
print(authy.get_user_status{ authy_id = user.id }.status.registered)`,
	"suspend": sandboxUser + `sandbox.suspend(user.id)
print(authy.try.request_sms{ authy_id = user.id })`,
	"unsuspend": sandboxUser + `sandbox.suspend(user.id)
sandbox.unsuspend(user.id)
authy.request_sms{ authy_id = user.id }`,
	"complete_registration": `sandbox.complete_registration("ana")
print(authy.get_registration_status{ custom_user_id = "ana" }.registration.status)`,
	"advance": sandboxUser + `authy.request_sms{ authy_id = user.id, force = true }
local code = sandbox.last_code{ authy_id = user.id }
sandbox.advance("1h")
print(authy.try.verify_token{ authy_id = user.id, token = code, force = true })`,
	"real_time": `sandbox.advance("24h")
print(sandbox.real_time())`,
	"reset": sandboxUser + `sandbox.reset()
print(#sandbox.users())`,
	"add_fault": `sandbox.add_fault("get_application_details: status=503")
print(authy.try.get_application_details())`,
	"faults": `sandbox.add_fault("request_sms: status=503, every=3")
for _, fault in ipairs(sandbox.faults()) do print(fault.id, fault.rule) end`,
	"delete_fault": `local fault = sandbox.add_fault("request_sms: status=503")
sandbox.delete_fault(fault.id)
print(#sandbox.faults())`,
	"clear_faults": `sandbox.add_fault("request_sms: status=503")
sandbox.clear_faults()
print(#sandbox.faults())`,
	"requests": `authy.get_application_details()
for _, request in ipairs(sandbox.requests()) do
  print(request.method, request.path, request.status)
end`,
	"set_callback": `sandbox.set_callback("http://127.0.0.1:8080/callback")
sandbox.set_callback() -- and no more`,
	"callbacks": `for _, callback in ipairs(sandbox.callbacks()) do
  print(callback.id, callback.url)
end
print(#sandbox.callbacks() .. " callbacks")`,
	"resend": `sandbox.set_callback("http://127.0.0.1:8080/callback")
` + sandboxApproval + `sandbox.approve(uuid)
for _, callback in ipairs(sandbox.callbacks()) do sandbox.resend(callback.id) end`,
	"export": sandboxUser + `local state = sandbox.export()
sandbox.reset()
sandbox.import(state)
print(sandbox.users()[1].id == user.id)`,
	"import": sandboxUser + `local state = sandbox.export()
sandbox.reset()
sandbox.import(state)
print(#sandbox.users())`,
}

// withExamples gives the functions of the module their examples.
func withExamples(functions []luabind.Function) []luabind.Function {
	for i := range functions {
		functions[i].Example = Examples[functions[i].Name]
	}
	return functions
}
