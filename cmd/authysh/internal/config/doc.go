// Package config is the settings of the program: what there is to set, where it is written, and which of several places
// holds.
//
// A [Setting] says how its values are written; a flag, an environment variable and a key of the configuration file follow
// from it. Each place that sets something is a [Layer]. [Load] puts them over each other: a flag is stronger than the
// environment, that than a profile of the file, that than the rest of the file, and that than the default.
//
// A [File] is what a configuration file says. Unknown keys and values of another kind are errors with file and line. A
// [Document] is a file while it is being edited, in which nothing moves but what is edited. [Files] finds the file that
// holds, and writes it so that no reader sees half of it and no change is lost.
//
// The package prints nothing and knows no command: what a mistake is, an [Error] says.
package config
