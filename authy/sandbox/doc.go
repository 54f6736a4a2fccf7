// Package sandbox is an Authy service in a box, for trying, teaching and testing.
//
// Any Authy client library in any language can talk to it unmodified: it accepts every form in which the
// known clients send parameters, and answers in the words they check. [Start] serves it on a loopback port,
// [New] makes it an [http.Handler]. Nothing is really sent: texts, calls, e-mails and pushes land in an
// outbox, and time can be moved, so that codes and approval requests expire when you say so.
//
// Tests run npm authy-client and npm authy against it, unmodified and in every method, and replay what the
// Python, Ruby, PHP, Java and Go libraries send.
//
// # What it does
//
//   - Users, found by phone and country code; deletion; e-mail update; activities; registration by QR code.
//   - Tokens by text, call and e-mail that work once, within ten minutes, for the action they were asked for.
//   - Tokens of the Authy app (7 digits, 10 s; 3 steps late to 1 early) and of other authenticator apps
//     (6 digits, 30 s; 1 step either way), each usable once. QR codes are real pictures.
//   - Suspension after too many wrong tokens, rate limits, phone verification with custom codes and
//     feedback, phone information from numbering plans, approval requests, statistics that really count,
//     and both migration exports. Approval requests work for users without the app too, which Authy refuses.
//   - Callbacks to [WithCallback] when a user approves or denies, signed as Authy signs them, and webhooks
//     for the events that happen here, managed by signed requests. Both are retried; see [WithDelivery].
//   - Several applications in one sandbox, which know nothing of each other; see [WithApps].
//   - Faults on demand, by rules ([WithFaults], package fault) or for the one request that carries the header
//     [ScenarioHeader]. Every error code of the API can be forced; those that can happen, happen. [ErrorCodes]
//     has them all, and says why where one cannot.
//
// Only format json is served; xml is an unknown URL. Where Authy's behaviour is not known, the comment at
// the code says what was chosen.
//
// # What it remembers
//
// All state is bounded by [Limits] and in memory, unless [WithData] names a directory to keep it in: then an
// answer is given only after what it tells of is on disk. While that cannot be written, as when the disk is full, every
// change is refused with status 500 and undone, reading goes on, and the next change is tried again. Beyond a bound the oldest message, activity,
// approval request, phone verification or delivery gives way; further users are refused. Answered approval
// requests are dropped after 30 days of the sandbox's clock, phone verifications after one. Of QR pictures,
// dashboard nonces, SDK registration tokens and custom texts the last 10,000 are kept, of webhooks 100, and
// of statistics ten years. The log of requests and the events are in memory in any case.
//
// # Looking inside
//
// /sandbox/ is a web page, the virtual phone; open it as /sandbox/?token= with the admin token. The page takes the
// token out of the address and keeps it for its tab alone.
//
// What a tester, a script or a page needs beyond the API is under /sandbox/api/, and as methods of [Service].
// Parameters may be in the query or in the body, as a form or as JSON.
//
//	GET    /sandbox/api                               {"version":1,"admin","apps":[App...],"clock","persistent"}
//	GET    /sandbox/api/apps                          {"apps":[App...]}  id, name, callback_url, callback_method,
//	                                                                     users (their number), without
//	POST   /sandbox/api/callback       url, method    {"callback":{"url","method"}}    an empty url stops them
//	GET    /sandbox/api/users      search             {"users":[User...],"next"}       with current tokens
//	POST   /sandbox/api/users                         {"user":User}      phone, country_code, email, as registered
//	GET    /sandbox/api/users/{id}                    {"user":User}
//	POST   /sandbox/api/users/{id}/suspend            {"user":User}
//	POST   /sandbox/api/users/{id}/unsuspend          {"user":User}
//	POST   /sandbox/api/users/{id}/register-app       {"user":User}      os_type, registration_token
//	GET    /sandbox/api/outbox                        {"outbox":[Message...],"next"}   authy_id, phone, channel
//	GET    /sandbox/api/activities                    {"activities":[Activity...],"next"} authy_id
//	GET    /sandbox/api/approvals                     {"approvals":[Approval...],"next"}  authy_id, status
//	GET    /sandbox/api/approvals/{uuid}              {"approval":Approval}
//	POST   /sandbox/api/approvals/{uuid}/approve      {"approval":Approval}            409 if not pending
//	POST   /sandbox/api/approvals/{uuid}/deny         {"approval":Approval}
//	POST   /sandbox/api/registrations/{custom_user_id}/complete
//	                                                  {"registration":Registration}
//	GET    /sandbox/api/requests                      {"requests":[Request...],"next"} unmask, failed, operation
//	GET    /sandbox/api/callbacks                     {"callbacks":[Sent...],"next"}   subject, state; webhooks, too
//	GET    /sandbox/api/callbacks/{id}                {"callback":Sent}
//	POST   /sandbox/api/callbacks/{id}/resend         {"callback":Sent}                the new one
//	GET    /sandbox/api/faults                        {"faults":[fault.Status...],"targets"}
//	POST   /sandbox/api/faults                        {"fault":fault.Status}           fields of a rule, or rule: a line
//	DELETE /sandbox/api/faults                        {}                               all of them
//	DELETE /sandbox/api/faults/{id}                   {}
//	POST   /sandbox/api/faults/{id}/enable, /disable  {"fault":fault.Status}
//	GET    /sandbox/api/clock                         {"clock":ClockState}
//	POST   /sandbox/api/clock                         {"clock":ClockState}             409 with WithClock
//	                                                                     real, set, advance, freeze
//	POST   /sandbox/api/reset                         {}
//	GET    /sandbox/api/export                        {"version":1,"clock","apps"}     for import only
//	POST   /sandbox/api/import                        {}                               the body is an export
//	GET    /sandbox/api/events  types, app            text/event-stream
//
// Listings take limit, 1 to 10,000 and by default 100; those with "next" are paged: before and after are
// exclusive bounds of the elements' ids, and next is the value of before for the following page, null if there is
// none. With the admin token the parameter app, in the query, names the application by name or number;
// without it the first is meant, or all where that makes sense (apps, requests, reset, export, import, events).
//
// An event has an id, which a watcher gives back as Last-Event-ID (or as the parameter last_event_id) to get
// what it missed, a type (see [EventKind]) and as data {"app":name,"data":...}. "resync" says that something
// was missed and everything is to be read anew, "dropped" that the watcher was too slow and the stream ends.
// Values of requests are masked.
//
// The older paths without "api" go on as they were:
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
// Every answer but an export also has "success":true; errors look like those of the API. The JSON forms of
// [Message], [User], [Activity], [Approval], [Registration], [Request], [Sent] and [ClockState] are stable:
// members are added, never changed. All members are always there. limit is 1 to 10,000, by default 100. Real true
// takes the clock back to the real time, set is a time in RFC 3339, a date or Unix seconds, advance a duration such as
// "10m" or seconds, freeze true or false; they are applied together, in this order. Search finds users by a
// part of their phone, e-mail, Authy id or custom user id.
//
// # Who may look inside
//
// Codes and secrets are shown there, so these paths ask for three things. The Host header must be this
// machine's (a loopback name or address, the address listened on, or a name given with
// [WithRemoteAccess]), which stops pages that point their own name here. An Origin header, if present, must
// be the sandbox's own. And there must be a header: X-Authy-API-Key with an application's key, which sees that
// application only, or [AdminHeader] (or "Authorization: Bearer") with the admin token, which sees all. A
// parameter does not do: other people on the same machine can reach the port, too, and a form on a foreign
// page can send parameters but no headers. Only the stream of events also takes the admin token as the
// parameter token, as an EventSource cannot send headers. Applications share the clock, which any key can set.
//
// QR pictures need no key, since pages show them as images; their names are 128 random bits.
package sandbox
