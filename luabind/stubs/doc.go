// Package stubs writes definition files for editors: what scripts can call, in the annotations of LuaCATS that
// lua-language-server reads.
//
// All of it comes from a [luabind.Manual], so that an editor knows what the prompt's completion and help know: operations,
// modules, parameters with their limits, values, results and errors.
package stubs
