// Package luajson writes Lua values as JSON text and reads them back, with errors that say where the fault is.
package luajson
