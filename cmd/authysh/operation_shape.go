package main

import (
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
)

// shape is a command as the catalogue writes it, such as "phone verify <phone> <country_code> --token".
type shape struct {
	path       []string // "phone", "verify"
	positional []string // parameters in the order of the arguments
	optional   map[string]bool
	// marks are flags that tell the operation from another one with the same path.
	marks []string
	args  string // as in the usage, with all that is required: "<phone> <country_code> --token token"
}

func shapeOf(op authy.Operation) shape {
	s := shape{optional: map[string]bool{}}
	words := strings.Fields(op.Command)
	var args []string
	for _, word := range words {
		switch name := strings.Trim(word, "<>[]"); {
		case strings.HasPrefix(word, "--"):
			s.marks = append(s.marks, parameterOf(word[2:])) // required, and so among the flags below
		case name == word:
			s.path = append(s.path, word)
			continue
		default:
			s.positional = append(s.positional, name)
			s.optional[name] = strings.HasPrefix(word, "[")
			args = append(args, word)
		}
	}
	for _, f := range op.Params {
		if !f.Optional && !slices.Contains(s.positional, f.Name) {
			args = append(args, "--"+flagOf(f.Name)+" "+briefly(f))
		}
	}
	s.args = strings.Join(args, " ")
	return s
}

// briefly is what a usage line calls the value of a flag.
func briefly(f authy.Field) string {
	const most = 16 // characters; a longer list of values stands below, at the flag
	if word := placeholder(f); len(word) <= most {
		return word
	}
	return f.Name[strings.LastIndexByte(f.Name, '_')+1:]
}

func (s shape) command() string { return strings.Join(s.path, " ") }

// flagOf is the flag of a parameter, without dashes.
func flagOf(parameter string) string { return strings.ReplaceAll(parameter, "_", "-") }

// parameterOf is the parameter of a flag. Behind a dot the name is the user's own.
func parameterOf(flag string) string {
	root, rest, dotted := strings.Cut(flag, ".")
	root = strings.ReplaceAll(root, "-", "_")
	if dotted {
		return root + "." + rest
	}
	return root
}
