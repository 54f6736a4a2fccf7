package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/arguments"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

const boolKind = reflect.Bool

// maxValue bounds a value that is read from a file or from standard input, in bytes.
const maxValue = 1 << 20

// isTextList reports whether a parameter is a list of texts, whose flag may be repeated.
func isTextList(f authy.Field) bool {
	return f.Type != nil && f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.String
}

// placeholder is what --help calls the value of a parameter.
func placeholder(f authy.Field) string {
	const most = 4 // values that are listed in place of a word for them
	switch {
	case f.Type == nil:
		return "text"
	case isTextList(f):
		return "name,..."
	case f.Rule.Unit != 0:
		return "time"
	case f.Rule.Values != nil && len(f.Rule.Values) <= most:
		return strings.Join(f.Rule.Values, "|")
	case f.Type.Kind() == boolKind:
		return "bool"
	case f.Type.Kind() == reflect.Int:
		return "n"
	case f.Type.Kind() == reflect.Float64:
		return "number"
	case f.Type.Kind() == reflect.String:
		return f.Name[strings.LastIndexByte(f.Name, '_')+1:]
	}
	return "json"
}

// usageOf is the line of a parameter in --help: what it is, its limit and how its parts are written.
func usageOf(f authy.Field) string {
	usage := phrase(f.Doc)
	switch {
	case len(f.Rule.Values) > 0:
		if placeholder(f) != strings.Join(f.Rule.Values, "|") {
			word := "one of"
			if isTextList(f) {
				word = "known are" // the service may know more
			}
			usage += "; " + word + " " + strings.Join(f.Rule.Values, ", ")
		}
	case f.Rule.Doc != "" && f.Rule.Doc != "not blank" && f.Type.Kind() != reflect.Map:
		usage += "; " + f.Rule.Doc
	}
	switch {
	case f.Type.Kind() == reflect.Map:
		usage += "; as --" + flagOf(f.Name) + ".KEY VALUE"
	case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
		var parts []string
		for _, member := range f.Fields {
			parts = append(parts, "--"+flagOf(f.Name)+".0."+member.Name)
		}
		usage += "; as " + strings.Join(parts, " ")
	case f.Rule.Unit != 0:
		usage += "; or with a unit, such as 2m"
	case f.Type.Kind() == reflect.Struct:
		var parts []string
		for _, member := range f.Fields {
			parts = append(parts, "--"+flagOf(member.Name)+".KEY VALUE")
		}
		usage += "; as " + strings.Join(parts, ", ")
	}
	return usage
}

// phrase makes a sentence of the catalogue one of --help, which begins in lower case and has no period.
func phrase(sentence string) string {
	sentence = strings.TrimSuffix(sentence, ".")
	first, size := utf8.DecodeRuneInString(sentence)
	second, _ := utf8.DecodeRuneInString(sentence[size:])
	if strings.HasPrefix(sentence, "Authy") || !unicode.IsLower(second) && second != '-' && second != ' ' {
		return sentence
	}
	return string(unicode.ToLower(first)) + sentence[size:]
}

// typed is the value that a user wrote: itself, what @file holds, or - for standard input. @@ begins a value with @.
func (a *app) typed(ctx context.Context, name, text string) (arguments.Text, error) {
	switch {
	case strings.HasPrefix(text, "@@"):
		return arguments.Text(text[1:]), nil
	case text != "-" && !strings.HasPrefix(text, "@"):
		return arguments.Text(text), nil
	}
	read, err := a.readInput(ctx, name, strings.TrimPrefix(text, "@"))
	if misuse, ok := errors.AsType[*usageError](err); ok && text != "-" {
		misuse.hint = "write @@ for a value that begins with @"
	}
	value := strings.TrimSuffix(string(read), "\n") // of the last line, which editors add
	return arguments.Text(strings.TrimSuffix(value, "\r")), err
}

// readInput reads a file that is named on the command line, or standard input where that is "-".
func (a *app) readInput(ctx context.Context, name, file string) ([]byte, error) {
	source, from := a.in, file
	if file == "-" {
		from = "standard input"
		if a.stdinTaken {
			return nil, &usageError{message: name + " cannot be read from standard input, as another value is"}
		}
		a.stdinTaken = true
	} else {
		f, err := os.Open(file)
		if err != nil {
			return nil, &usageError{message: fmt.Sprintf("%s cannot be read: %v", name, err)}
		}
		defer f.Close()
		source = f
	}
	read, err := io.ReadAll(io.LimitReader(source, maxValue+1))
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &usageError{message: fmt.Sprintf("%s cannot be read: %v", name, err)}
	case len(read) > maxValue:
		return nil, &usageError{message: fmt.Sprintf("%s is too large: %s has over %d bytes", name, from, maxValue)}
	}
	return read, nil
}

// flagError is about a flag that is unknown. Its name may be one to which a key belongs, or nearly so.
func (c *operationCommand) flagError(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok || unknown.GetSpecifiedShortnames() != "" {
		return flagError(cmd, err)
	}
	name := unknown.GetSpecifiedName()
	root, key, dotted := strings.Cut(name, ".")
	var roots []string
	for _, op := range c.variants {
		for known := range arguments.Roots(op) {
			roots = append(roots, flagOf(known))
		}
	}
	if slices.Contains(roots, root) && !dotted {
		return &usageError{message: fmt.Sprintf("--%s needs a key: write --%s.KEY VALUE", root, root), hint: helpHint(cmd)}
	}
	slices.Sort(roots)
	near := authy.Nearest(root, roots)
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near == "" || !dotted && authy.Nearest(name, known) != "" {
		return flagError(cmd, err)
	}
	if dotted {
		near += "." + key
	}
	return &usageError{message: fmt.Sprintf("unknown flag --%s, did you mean --%s?", wording.Clip(name), wording.Clip(near)), hint: helpHint(cmd)}
}

// flagPlace is a place in the parameters as its flag is written: "logos[1].url" is logos.0.url, and what stands in
// details.visible is in visible.
func flagPlace(op authy.Operation, place string) string {
	for {
		open := strings.IndexByte(place, '[')
		length := strings.IndexByte(place[open+1:], ']')
		if open < 0 || length < 0 {
			break
		}
		n, err := strconv.Atoi(place[open+1 : open+1+length])
		if err != nil {
			break
		}
		place = place[:open] + "." + strconv.Itoa(n-1) + place[open+length+2:]
	}
	for root, whole := range arguments.Roots(op) {
		if rest, ok := strings.CutPrefix(place, whole); ok && root != whole && (rest == "" || rest[0] == '.') {
			return root + rest
		}
	}
	root, rest, _ := strings.Cut(place, ".")
	if rest != "" {
		return flagOf(root) + "." + rest
	}
	return flagOf(root)
}

// completeArgument completes a positional argument where the catalogue lists values.
func (c *operationCommand) completeArgument(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	op := c.variants[0]
	if positional := shapeOf(op).positional; len(args) < len(positional) {
		f, _ := op.Param(positional[len(args)])
		return f.Rule.Values, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// argumentEntries are the positional arguments and what they mean.
func (c *operationCommand) argumentEntries() [][2]string {
	op := c.variants[0]
	s := shapeOf(op)
	var entries [][2]string
	for _, name := range s.positional {
		f, _ := op.Param(name)
		bracketed := "<" + name + ">"
		if s.optional[name] {
			bracketed = "[" + name + "]"
		}
		entries = append(entries, [2]string{bracketed, usageOf(f)})
	}
	return entries
}

// listArguments is the part of --help about positional arguments.
func (c *operationCommand) listArguments(b *strings.Builder) {
	entries := c.argumentEntries()
	if len(entries) == 0 {
		return
	}
	width := 0
	for _, e := range entries {
		width = max(width, len(e[0]))
	}
	b.WriteString("\narguments:\n")
	for _, e := range entries {
		writeEntry(b, e[0], e[1], width)
	}
}
