// Package lua51 makes gopher-lua 1.1.2 behave as Lua 5.1 where errors and coroutines meet and in the standard libraries,
// and safe for a state whose threads are run by many goroutines under one lock.
//
// # What is repaired
//
// [Install] replaces pcall, xpcall, error, assert, the coroutine library and debug.traceback. After that:
//
//   - A local variable and the closures over it stay one variable after an error that pcall or xpcall caught
//     (yuin/gopher-lua#448), and closures made below the call keep theirs, also after a Go panic or a stack overflow.
//   - xpcall runs its handler while the frames that failed are still there, so debug.traceback shows them. It passes
//     further arguments on to the function, as LuaJIT.
//   - Error values of every type arrive unchanged, nil included. Levels of error count pcall as one and tail calls as
//     calls. assert raises a message that is no string as it is, as Lua 5.2; Lua 5.1 would complain of its type.
//   - A yield crosses pcall and xpcall. One across a metamethod, an iterator or a library function is an error inside
//     the coroutine. Yield may be tail called, may be resumed with fewer values than are wanted (gopher-lua crashes),
//     and answers no values with none. Coroutines can be made of Go functions. There is coroutine.isyieldable.
//   - resume and wrap refuse a thread that runs, has resumed another, waits in Go, or is none of theirs (the main
//     thread, a task): "cannot resume normal coroutine". wrap raises the error value itself, before a string the
//     position of the call.
//   - Recursion without end is "stack overflow"; more than 200 pcalls and resumes in each other are "C stack overflow".
//     Either can be caught; neither ends the process.
//   - When the context of a thread ends, so do loops that catch every error. A coroutine takes the context of whoever
//     resumes it, so one made under a context that has ended is still good, and none derives a context of its own, which
//     would stay until the parent ends.
//
// # Libraries
//
// These functions answer as Lua 5.1 does, also to bad arguments, whose errors name the function ("bad argument #2 to
// 'format' (number expected, got table)") and do not count what stands before a colon:
//
//   - string: all but dump. Patterns have a matcher of their own, which ends with the context of the thread. upper and
//     lower change ASCII letters only. The metatable of strings is a table of its own, whose metamethods convert strings in
//     arithmetic as tonumber does ("010" is ten).
//   - tonumber, next, select, unpack, collectgarbage; table.insert, remove and concat; all of math, with numbers in
//     strings converted, math.huge infinite, and a generator of random numbers for each state; os.date, time and difftime.
//
// Where they differ from Lua 5.1 on purpose: %s in string.format shows any value by tostring, as Lua 5.2. Formats,
// patterns and subjects go on behind zero bytes. %d shows numbers beyond 64 bits, where C is undefined. "inf" and "nan" are
// no numbers, and tonumber("-ff", 16) is negative. A pattern may nest 65,536 deep ("pattern too complex"). rep, gsub,
// format and concat refuse to make more than 1 GiB ("resulting string too large"). Dates have the names of the C locale.
//
// # How
//
// A protected call in a main thread or task is gopher-lua's own, with the open upvalues of the callers put aside
// meanwhile, and a Go frame at its base that completes errors. In a coroutine, where the function may yield, it runs in a
// thread of its own, and a Lua part (shims.lua) hands the yields on. Call frames and open upvalues are private in
// gopher-lua, and so are the keys of a table; layout.go finds them by reflection and refuses to work with a library where
// they differ. testdata holds scripts and what PUC Lua 5.1.5 prints for them; lua5.1 checks the record where it is installed.
//
// # What it costs
//
// With growing stacks of 256 registers, on one machine, in µs, gopher-lua before repaired: pcall 0.13, 0.35; caught
// error 3.5, 2.5; caught 100 calls deep 81, 7.5; caught by xpcall 1.4, 3.1; yield and resume 0.12, 0.28; coroutine of one
// yield the same. A pcall of a Lua function in a coroutine costs a thread: 0.14, 6.5, and 15 KiB of garbage.
//
// find, match, gmatch, gsub, format and concat take a tenth to a half of the time of gopher-lua's; the others about the same.
//
// # What remains
//
//   - tostring, print and .. write numbers as gopher-lua does: with up to 17 digits, whole ones in full, and "+Inf" and
//     "NaN". The interpreter's concatenation has no limit to the length of a string. A for loop wants numbers, not strings.
//   - string.dump, the rest of the table library, load and its like, and setmetatable are gopher-lua's. math.random after
//     randomseed gives other numbers than C. collectgarbage counts what the whole process uses, and only "collect" does
//     anything.
//   - Of library functions that compute, only pattern matches end with the context; string.rep and table.concat run to
//     their end.
//   - "[G]" marks Go functions in tracebacks. Messages of the interpreter name the variable at fault as Lua 5.1 does, local ones
//     always in chunks that [Compile] has made; otherwise some have the name of what they were set to, or none.
//   - The traceback of a coroutine that has failed lacks the innermost call; that of one which has yielded below pcall
//     ends at the pcall. After a Go panic or overflow in a coroutine, the handler of xpcall runs when the frames are gone;
//     its traceback shows those that gopher-lua left.
//   - If the call stack of a coroutine overflows, variables of the innermost call are nil in closures that survive.
//   - debug.getinfo, getfenv and setfenv count the inner frames of pcall as levels, and end at the pcall in a coroutine.
//   - xpcall wants a function for its handler, and says so before the call. yield outside of a coroutine has an error of
//     its own. The handler of an error in a handler is not tried again.
//   - A panic in a Go function is caught as an error whose value is the text of the panic, as gopher-lua does. What was
//     thought impossible may so go unnoticed in a script that ignores errors; a host that wants the Go stack sets
//     IncludeGoStackTrace, and finds it in errors of [PCall].
//   - A Go function that yields (returns L.Yield) may not be called by pcall directly; a Lua function around it may.
//   - Go functions that call L.PCall below Lua functions part variables from closures again: they should call [PCall].
//
// # Tasks
//
// Whoever holds the lock of the state runs Lua in it. A task is a thread made by [NewThread] and run by [PCall] on a
// goroutine that has taken the lock. A Go function that waits does so in [Wait]. Nothing else needs care.
package lua51
