// Package luabind binds the Authy API into Lua, for programs that run scripts.
//
// # Quick start
//
// [New] makes a [Runtime]: an interpreter with the authy module and its companions (json, csv, phone, totp, time, task, batch,
// flow, log, callbacks) as globals, its output going where the host says, and each run bounded by a context:
//
//	rt, err := luabind.New(&authy.Client{Key: key}, luabind.Stdout(os.Stdout))
//	...
//	defer rt.Close()
//	err = rt.RunFile(ctx, "onboard.lua", "users.csv")
//
// [Loader] is for hosts that have a Lua state already: L.PreloadModule("authy", luabind.Loader(client)). [Preload] brings all
// modules there, and those of the host. The examples of the package are whole programs: a server that runs its tenants' scripts, a job that runs at certain times, a command line with
// operations of its own, and a test of a script.
//
// # What scripts see
//
// Every operation of [authy.Operations] is a function that takes one table: authy.request_sms{ authy_id = 1635 }. It
// raises its error; with a function as second argument it calls back with (err, result) instead; as
// authy.try.request_sms{...} it returns nil and the error, and as authy.async.request_sms{...} a task. Results are plain
// tables with the wire's names.
//
// Parameters convert by their declared type, never by guess: a misspelt or mistyped one is an error that names it. A
// whole number will do for ids and codes. Numbers of 2^53 and more are refused, because Lua's numbers lose digits
// there; ids of that size come and go as strings.
//
// # Errors
//
// What a script catches is a table with kind, op, message, where, and as far as known status, code, fields and retry_after.
// The Go error comes back to the host: a script that ends with one is a [*ScriptError], which has the position, and errors.As
// reaches through it to [*authy.APIError] and its like, or the error that a module, an operation or a middleware of the host
// returned; through coroutines, tasks and flows, too. A Go panic in these is a [*PanicError]. Tasks that failed while nothing waited for them are a [*TasksError],
// os.exit is an [*ExitError], a limit that was hit a [*LimitError], and the end of the context its cause. In a state of the
// host's own, [ErrorOf] reads what L.DoString returned.
//
// # Operations and modules of the host
//
// [Operations] adds operations of the host, made with [authy.Op], to the module authy; [With] adds modules, which may have
// operations of their own. They have all styles, are checked by the rules in their tags, go through the middlewares of [Use],
// and are in help, completion, the linter, the definitions for editors and the journals of batches. Their errors reach the host
// as they are. In a state of the host's own, [Preload] takes the same options.
//
// # Completion and help
//
// [Runtime.Complete] says how a piece of Lua may go on at a cursor, and [Runtime.Manual] has the help of all that scripts see;
// both may be asked from any goroutine, also while a script runs. [NewManual] needs no interpreter.
//
// [Runtime.NewSession] makes a [Session], for prompts: it evaluates what a person types, chunk by chunk, shows values as Lua
// that can be pasted back, completes with what it has seen, and explains. It knows no terminal.
//
// # Concurrency
//
// A runtime may be used from any goroutine, and is reused: runs and calls wait for each other, and globals last from one to
// the next. Programs that want scripts to run at the same time, or to know nothing of each other, make a runtime for each,
// which takes about a millisecond. A client may be shared by many.
//
// One goroutine at a time is inside a runtime's interpreter. Whatever waits for the outside, in this package or in a
// module of the host, gives the interpreter away while it waits, with [Host.Wait], and must not touch Lua values then.
//
// Tasks (task.spawn, authy.async) are goroutines with a Lua thread each, under that lock: one runs until it waits, yields
// or ends, so scripts share variables without locks, and a task that only computes keeps the others waiting. A run ends
// when its tasks have ended. In a host's own state tasks run only while the script waits; [WaitTasks] lets them end.
//
// Runtimes repair gopher-lua's pcall, xpcall and coroutines, which part local variables from the closures over them
// after an error, among other things. A host's own state is left as it is.
//
// # Plugins
//
// [Plugins] loads plugins written in Lua; package plugin finds and verifies them, and [InspectPlugin] reads what one asks for
// before anybody trusts it. The code of a plugin is compiled once for all runtimes that are given the same source. With its
// manifest beside it, see [Deferrable], a runtime loads it only when it is first needed; five such plugins add about a third to
// the time and memory of a start. Each has a Lua state of its own, to which values are copied: a plugin shares no table, metatable
// or function with scripts or other plugins, and reaches neither the client nor its key. What it may use of the network,
// environment, files and programs is checked at each use. [PluginLimits] bound its time and memory: instructions are
// counted, and so is what strings and lists take; what a plugin keeps in its variables is measured now and then, and one that
// keeps too much is stopped. A program that a plugin may run, though, is outside of all that, as are programs which that
// one starts: permit none that runs others.
//
// # In a process of their own
//
// Package worker runs scripts in a child process, with the runtime for strangers in it, and kills it when it does not keep to its
// limits of time and memory. The child has no key.
//
// # Callbacks
//
// callbacks.serve listens as long as its task runs; package authy/receiver decides what is genuine. Handlers are tasks that
// outlive the cancellation of the script, so that what was begun is finished and answered: [Runtime.Serving].
//
// # Calling functions
//
// [Runtime.Call] calls a function that a script has defined, with Go values, and gives its results as Go values. [Files] lets
// require find modules in a file system of the host, such as an embed.FS.
//
// # Limits and levels of trust
//
// Scripts are trusted by default, like any program that the user starts. [Limit] bounds a run of theirs all the same, to
// keep a slip from going on for ever or sending too much: its time, instructions, tasks, requests that send, and output.
// Canceling the context of a run, and its limit of time, stop Lua code, waits and pattern matches within milliseconds, but not
// a library function that computes, such as string.rep("x", 1e9).
//
// [Untrusted] makes a runtime for scripts of strangers, such as a server's customers:
//
//	rt, err := luabind.New(client, luabind.Untrusted(), luabind.Limit(luabind.Limits{Time: 2 * time.Second, Memory: 16 << 20}))
//
// There is then no way to files, programs, the environment, other hosts or other states, and all of [Limits] hold, by
// defaults that are stated there. A run that goes beyond one ends, whatever it catches and in all of its tasks, and its error is
// a [*LimitError]; the runtime can be used again. Modules of [With], [Operations] and middlewares of [Use] are the host's own and
// trusted: what they do for a script they do for a stranger. [Plugins] are refused. A session
// runs under the same limits, one chunk being one run.
//
// Scripts of one runtime share its globals and what they did to them. Give every customer a runtime of his own, with a client
// whose key may do what he may do, and close it when it has exceeded Memory: what is too much may be in its globals.
//
// What cannot be stopped or bounded inside gopher-lua, and what contains it:
//
//   - Memory is estimated, and measured after it was taken. A run may take some times its limit before it ends, as garbage
//     that is not collected yet, in single texts of up to 4 MiB, and on stacks. GOMEMLIMIT makes Go collect it sooner. If the
//     process runs out of memory it ends, with everything in it.
//   - A single step may take some tens of milliseconds: comparing or joining long texts, moving a long list, measuring. A
//     run may outlast its limit of time by that, and on a busy machine by more.
//   - The compiler is not interrupted. Sources of strangers are at most 256 KiB long, with 8,192 different constants and 4,096
//     functions, which takes it a second at worst.
//   - A run may compute for all of its time, on one core. How many run at a time, and how often for whom, is up to the host.
//   - Time tells: a script can measure how busy the process is.
//   - A fault in gopher-lua, Go, or this package may end the process or let a script out.
//
// A host that cannot bear these runs every customer in a process of its own, under the limits of the operating system for
// memory, CPU and network, without secrets in its environment, and ends that process when it takes too long.
package luabind
