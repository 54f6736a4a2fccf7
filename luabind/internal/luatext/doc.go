// Package luatext knows the text of Lua programs: how names, literals and comments are written, and where tokens begin and end.
//
// It runs no code and parses no grammar. What it writes for people to read, it measures in characters: see [Clip] and
// [Columns].
package luatext
