// Package luavalue tells the values of Lua apart that this module makes and marks: json.null, lists and errors.
package luavalue
