package main

import (
	"slices"

	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/stubs"
)

// stubFiles are the definition files; with plugins, also those of what only the code and the tests of plugins have.
func (a *app) stubFiles(plugins bool) []stubs.File {
	files := stubs.Generate(a.manual())
	if !plugins {
		return files
	}
	for _, f := range append(stubs.Generate(luabind.PluginManual()), stubs.File{Name: "test.lua", Text: stubs.Marker + pluginTestStub}) {
		if !slices.ContainsFunc(files, func(known stubs.File) bool { return known.Name == f.Name }) {
			files = append(files, f)
		}
	}
	return files
}

// pluginTestStub describes what plugin_try.lua defines.
const pluginTestStub = `
---@meta

---What a test of a plugin judges by.
---@class authysh.Test
local t = {}

---Fails the test unless got and want are the same, tables by what they hold.
---@param got any
---@param want any
function t.equal(got, want) end

---Fails the test if a value is false or nil.
---@param value any
---@param why? string
function t.ok(value, why) end

---Fails the test unless f raises an error that matches a pattern.
---@param f fun()
---@param pattern? string
function t.fails(f, pattern) end

---Fails the test.
---@param why string
function t.fail(why) end

---Runs a test of a plugin: authysh plugin test.
---@param name string
---@param f fun(t: authysh.Test)
function test(name, f) end
`
