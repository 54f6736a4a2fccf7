// Package inspect shows values of Lua to people: as Lua that can be pasted back, as a table, as JSON or raw.
//
// It calls nothing of the values, metamethods included, takes bounded time, and hides what is secret by its name.
package inspect
