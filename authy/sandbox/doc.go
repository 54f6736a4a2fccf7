// Package sandbox is an Authy service in memory, for trying, teaching and testing.
//
// Any Authy client library in any language can talk to it unmodified: it accepts every form in which the
// known clients send parameters, and answers in the words they check. [Start] serves it on a loopback port,
// [New] makes it an [http.Handler]. Nothing is really sent: texts, calls, e-mails and pushes land in an
// outbox, and time can be moved, so that codes and approval requests expire when you say so.
//
// # What it does
//
//   - Users, found by phone and country code; deletion; e-mail update; activities; registration by QR code.
//   - Tokens by text, call and e-mail that work once, within ten minutes, for the action they were asked for.
//   - Tokens of the Authy app (7 digits, 10 s; 3 steps late to 1 early) and of other authenticator apps
//     (6 digits, 30 s; 1 step either way), each usable once. QR codes are real pictures.
//   - Suspension after too many wrong tokens, rate limits, phone verification with custom codes and
//     feedback, phone information from numbering plans, approval requests, statistics that really count,
//     both migration exports, and webhook subscriptions behind signed requests, which are stored but not
//     delivered to. Approval requests work for users without the app too, which Authy refuses.
//
// Only format json is served; xml is an unknown URL. Where Authy's behaviour is not known, the comment at
// the code says what was chosen.
//
// # What it remembers
//
// All state is in memory and bounded by [Limits]. Beyond a bound the oldest message, activity, approval
// request or phone verification gives way; further users are refused. Answered approval requests are
// dropped after 30 days of the sandbox's clock, phone verifications after one. Of QR pictures, dashboard
// nonces, SDK registration tokens and custom texts the last 10,000 are kept, of webhooks 100, and of
// statistics ten years.
//
// # Looking inside
//
// What a tester, a script or a page needs beyond the API is under /sandbox/, and as methods of [Service].
// Parameters may be in the query or in the body, as a form or as JSON.
//
//	GET  /sandbox/outbox?authy_id=&phone=&channel=&limit=  {"outbox":[Message...]}        latest first
//	GET  /sandbox/users?limit=                             {"users":[User...]}            newest first
//	GET  /sandbox/users/{id}                               {"user":User}                  with current tokens
//	POST /sandbox/users/{id}/suspend                       {"user":User}
//	POST /sandbox/users/{id}/unsuspend                     {"user":User}
//	POST /sandbox/users/{id}/register-app  os_type,        {"user":User}                  android by default
//	                                       registration_token
//	GET  /sandbox/activities?authy_id=&limit=              {"activities":[Activity...]}   latest first
//	GET  /sandbox/approvals?authy_id=&status=&limit=       {"approvals":[Approval...]}    latest first
//	POST /sandbox/approvals/{uuid}/approve                 {"approval":Approval}          409 if not pending
//	POST /sandbox/approvals/{uuid}/deny                    {"approval":Approval}
//	POST /sandbox/registrations/{custom_user_id}/complete  {"registration":Registration}
//	GET  /sandbox/clock                                    {"clock":ClockState}
//	POST /sandbox/clock  set, advance, freeze              {"clock":ClockState}           409 with WithClock
//	POST /sandbox/reset                                    {}
//
// Every answer also has "success":true; errors look like those of the API. The JSON forms of [Message],
// [User], [Activity], [Approval], [Registration] and [ClockState] are stable: members are added, never
// changed. All members are always there. limit is 1 to 10,000, by default 100. Set is a time in RFC 3339 or
// Unix seconds, advance a duration such as "10m" or seconds, freeze true or false; they are applied
// together, in this order.
//
// # Who may look inside
//
// Codes and secrets are shown there, so these paths ask for three things. The Host header must be this
// machine's (a loopback name or address, the address listened on, or a name given with
// [WithRemoteAccess]), which stops pages that point their own name here. An Origin header, if present, must
// be the sandbox's own. And the API key must be in the header X-Authy-API-Key, not in a parameter: other
// people on the same machine can reach the port, too, and a form on a foreign page can send parameters but
// no headers.
//
// QR pictures need no key, since pages show them as images; their names are 128 random bits.
package sandbox
