// Package repl is an interactive prompt for Lua, or for anything that reads like it.
//
// It knows lines, keys, history and screens. What is typed runs in a [Session], a small interface that the host
// implements: it evaluates a chunk, tells whether one is unfinished, completes and explains names. [Run] does the
// rest: prompts, chunks of several lines, pastes, Ctrl-C, a sign of life during slow calls, errors with their line of
// source, paging, a history shared by several shells, dot-commands, and recordings that are scripts.
//
// # Streams
//
// Values go to standard output; prompts in plain mode, notices and errors go to standard error. Without a terminal
// on both sides, or with TERM=dumb, there is not one escape sequence. Control characters in what a session shows are
// made visible on a terminal, which would obey them.
//
// # Secrets
//
// Before what was entered reaches the history, a recording, a saved session or a temporary file, the values that
// [Options].Secrets returns are replaced by ***, and so are literals that are given to a name such as api_key, password or
// token. Entries that begin with a blank are not kept in the history.
package repl
