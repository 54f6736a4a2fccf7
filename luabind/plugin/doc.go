// Package plugin knows plugins from the outside: where they lie, what they say of themselves, what was granted to them and
// whether their files are still those that were looked at. It runs none of their code; package luabind does.
//
// A plugin is a directory with an init.lua that gives plugin.define{...}. [Find] looks for one by name and takes a
// [Source] of it: all of its code in memory, and a checksum. [Decode] makes a [Manifest] of what it defines. A [State] has
// which plugins are enabled, each with checksum and permissions; [State.Load] refuses those whose files have changed
// since. It may also have what a plugin defines, see [State.Remember], so that nobody has to run the code to know. [Install] copies a directory or an archive into place.
//
// Code is taken from the Source, never from the disk again, so that what runs is what the checksum is of.
package plugin
