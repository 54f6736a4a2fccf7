package luabind

// topicsOfScripts are the topics that every manual has.
var topicsOfScripts = []Topic{
	{
		Name: "scripting", Doc: "The ways to call the API from Lua.",
		Text: `Every operation takes one table and gives one:

  local res = authy.request_sms{ authy_id = 1635 }    raises its error
  authy.request_sms({ ... }, function(err, res) end)  calls back
  local res, err = authy.try.request_sms{ ... }       gives nil and the error
  local t = authy.async.request_sms{ ... }            gives a task; t:await()

Results have the names of the wire: res.user.id. The answer as it came is
res.raw_body. authy.client{ key = ... } makes a second client, whose functions
are methods: c:request_sms{ ... }.

Numbers of 2^53 and more lose digits in Lua, so ids of that size come and go as
strings. Codes are best written as strings too: a number loses leading zeros.`,
	},
	{
		Name: "prompt", Doc: "What differs when Lua is typed at a prompt.",
		Text: `An expression shows its value, also behind "=". A local variable at the top of
what is typed outlives its line. What is not complete goes on on the next line.

  _      the first value of the last expression
  _err   the value of the last error

Values are shown as Lua that can be pasted back. Secrets and codes inside tables
are masked; a single value that an expression gives is shown. .output chooses
another form: table has lists and records in columns, json is whole and without
limits, raw is what print writes.`,
	},
	{
		Name: "tasks", Doc: "How functions run beside each other.",
		Text: `A task runs when the others wait: for the network, a clock, a file, another
task. Nothing else interrupts it, so tasks share variables without locks, and
one that computes for long should call task.yield() now and then.

  local t = task.spawn(function() ... end)   begins when this code next waits
  local t = authy.async.get_user_status{ authy_id = 1635 }
  t:await()                                  its result, or raises its error
  t:next(f)  t:catch(f)  t:finally(f)        tasks that go on when t is over
  t:cancel()                                 stops it, and what it has started

  task.all(list)  task.any(list)  task.race(list)   give a task of all
  task.map(items, f, { concurrency = 8 })           waits, and gives the results
  task.timeout("5s", f)                             waits, and raises when late

A script ends when its tasks have ended. A task that fails while no code waits
for it or takes its error is reported at the end, and makes the exit code 1. At
the prompt tasks go on while you type: .tasks lists them, .cancel stops them.`,
	},
	{
		Name: "batches", Doc: "How a function runs over a file of any size, and resumes.",
		Text: `  local summary = batch.run{
    source  = csv.open(arg[1]),    what csv.open gives, an iterator or a list
    key     = "phone",             a column, or a function of the row
    workers = 64, rate = 50,       so many at a time, so many started a second
    journal = "people.journal",    resumes from it when it exists
    max_errors = "5%",             or a count; then no more rows are taken
    each    = function(row, ctx) ... end,   ctx.number, ctx.key
  }

A row is done when each returns, and failed when it raises; the tasks that it
has started belong to it. What each returns is recorded. When the service asks
for less, all workers pause together, and go on slower if it asks again.

The journal has every call that must not be made twice before it is sent. When
the run was stopped, or the machine died, the same command goes on where it
stopped: rows that are done are passed over, those that were begun run again,
unless such a call was made in them: they are in doubt. A call whose answer was
lost makes a row in doubt too, also when each goes on after it. on_doubt says
what becomes of these: "skip" (they are listed), "retry", or a function of row
and ctx that returns one of the two. retry_failed = true runs failed rows again.
One that failed after a call which must not be repeated had succeeded counts as
in doubt then.

Another source or another key is refused, as is a second run on the same
journal, and rows for another service. Calls of tasks that were started outside
of each are not in the journal.
  authysh journal show people.journal      failed, doubt and compact too

results = "out.csv" (or .jsonl) gets a record for each row that was reached, in
this run or an earlier one; in the order of the rows with ordered = true.
columns = { "id" } gives fields of what each returns a column of their own.

Ctrl-C finishes the rows in the works, a second one stops them, too. batch.run
then raises an error of kind canceled, and one of kind stopped when there were
too many failures; err.summary is the summary of either. A percentage of
max_errors is one of at least 100 rows. A key that is refused ends the batch at
once. Other failures of rows do not make batch.run fail, nor the script:
  os.exit(summary.failed + summary.in_doubt == 0 and 0 or 1)`,
	},
	{
		Name: "flows", Doc: "How steps are retried, undone and resumed.",
		Text: `  local onboard = flow.define("onboard", {
    { "register", function(ctx) return authy.register_user(ctx.input) end,
      undo = function(ctx)
        authy.delete_user{ authy_id = ctx.register.user.id }
      end },
    { "text", function(ctx)
      return authy.request_sms{ authy_id = ctx.register.user.id }
    end, retry = { times = 3 } },
  })
  local ctx = onboard:run{ phone = ..., country_code = ..., email = ... }

A step gets ctx: ctx.input, and the results of the steps before by their names.
When a step fails, the finished ones are undone, the last first, and an error is
raised: its step, cause and undone tell what happened.

  retry = 3    or a table:
    times      how often to try again
    on         kinds, codes or statuses, such as { "timeout", "60003" }, or a
               function of the error; failures that may pass by themselves
    backoff    pause before the first retry, 500ms; doubles each time
    unsafe     true also retries when what was sent may have arrived

Without unsafe, a step is retried only if nothing that it has sent can have
arrived, other than calls that may be repeated.

The steps before are undone also when nobody knows whether the call of the step
that failed was carried out.

In the each of a batch with a journal, finished steps are recorded: a row that
is resumed goes on after its last finished step. What steps return must be plain
data then. After a call outside of any step that must not be made twice, no more
steps are recorded in the row. A row that does not come to its flows in the same
way again is in doubt.

  onboard:describe()                         prints the steps
  onboard:run(input, { dry_run = true })     prints the calls; nothing is sent`,
	},
	{
		Name: "errors", Doc: "What error values hold, and what kinds there are.",
		Text: `A failed call raises a table; tostring(err) is one line.

  kind         validation  a parameter breaks its rule; nothing was sent
               api         the service refused
               network     the service was not reached, or the connection broke
               timeout     no complete answer in time
               response    the answer is not what the API promises
               canceled    the script was interrupted
               stopped     a batch had too many failures
  op           the operation, such as "request_sms"
  message      what is wrong
  where        the line of the script that called
  status       HTTP status, where there was an answer
  code         Authy's error code, such as "60026"
  fields       what is wrong by parameter
  retry_after  seconds to wait, where the service said so

  local res, err = authy.try.verify_token{ authy_id = 1635, token = "123456" }
  if not res and err.code == "60020" then print("wrong code") end`,
	},
	{
		Name: "durations", Doc: "How lengths of time are written.",
		Text: `A string with a unit is accepted everywhere: "250ms", "5s", "2m", "1h30m".

A bare number is milliseconds for parameters named timeout and interval, and
seconds for time.sleep, ttl, period, max_age and backoff. A string of digits
without a unit is refused, as it does not tell which was meant.`,
	},
	{
		Name: "phone-numbers", Doc: "How phone numbers and countries are written.",
		Text: `A country is an ISO 3166 code in any case ("PT") or a calling code ("351", 351).
A phone number may have blanks, dashes, dots and brackets, and may begin with +
and the country's calling code. It must be valid in its country; nothing is sent
otherwise. phone.valid(number, country) tells why one is not.`,
	},
	{
		Name: "secrets", Doc: "What is masked, and where.",
		Text: `A field is secret by its name: those with words such as secret, password or otp,
and those that end in key, token, code, signature or seed (country_code,
error_code and the like are not). The log and the values at the prompt show ***
in its place. The API key is shown nowhere.`,
	},
	{
		Name: "effects", Doc: "What calls do in the world.",
		Text: `Every operation has one of four effects, which its help names:

  reads    changes nothing; a failed call is tried again
  sends    reaches a person: a text, a call, an e-mail or a push
  writes   changes what the service stores, or uses up a code
  deletes  removes something for good

Only reads are repeated by themselves, and register_user, which is the same
however often it is done.`,
	},
	topicPlugins,
}
