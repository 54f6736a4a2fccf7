package main

import (
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
	args  string // as in the usage: "<phone> <country_code> --token"
}

func shapeOf(op authy.Operation) shape {
	s := shape{optional: map[string]bool{}}
	words := strings.Fields(op.Command)
	for i, word := range words {
		switch name := strings.Trim(word, "<>[]"); {
		case strings.HasPrefix(word, "--"):
			s.marks = append(s.marks, parameterOf(word[2:]))
		case name == word:
			s.path = append(s.path, word)
			continue
		default:
			s.positional = append(s.positional, name)
			s.optional[name] = strings.HasPrefix(word, "[")
		}
		if s.args == "" {
			s.args = strings.Join(words[i:], " ")
		}
	}
	return s
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
