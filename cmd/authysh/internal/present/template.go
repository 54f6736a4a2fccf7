package present

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"github.com/authysh/authysh/authy"
)

const templateHint = "templates are explained at https://pkg.go.dev/text/template; functions here are also json, join, upper, lower and ago"

// layout is a compiled Go template.
type layout struct{ *template.Template }

func (p *Printer) compileTemplate(source string) (*layout, error) {
	t := template.New(templateName).Option("missingkey=error").Funcs(template.FuncMap{
		"json":  func(value any) (string, error) { return p.templateJSON(value) },
		"join":  func(separator string, list []any) string { return joinValues(separator, list) },
		"upper": func(value any) string { return strings.ToUpper(fmt.Sprint(value)) },
		"lower": func(value any) string { return strings.ToLower(fmt.Sprint(value)) },
		"ago": func(value any) string {
			at, ok := timeIn(fmt.Sprint(value), true)
			if !ok {
				return fmt.Sprint(value)
			}
			return inWords(at, p.options.Now())
		},
	})
	t, err := t.Parse(source)
	if err != nil {
		return nil, &OptionError{"template", "is no Go template: " + describeTemplate(err), templateHint}
	}
	return &layout{t}, nil
}

// templateName stands in the messages of text/template, before the position.
const templateName = "--template"

// describeTemplate is a message of text/template without what says that it is one: "in line 1: unexpected ...".
func describeTemplate(err error) string {
	text := err.Error()
	if _, rest, ok := strings.Cut(text, "template: "+templateName+":"); ok {
		position, reason, _ := strings.Cut(rest, ": ")
		line, column, exact := strings.Cut(position, ":")
		where := "in line " + line
		if exact {
			if n, err := strconv.Atoi(column); err == nil {
				where += ", column " + strconv.Itoa(n+1)
			}
		}
		text = where + ": " + strings.ReplaceAll(reason, `executing "`+templateName+`" at `, "at ")
	}
	return text
}

// apply fills the template with a tree. Text that does not end its line gets an end: scripts read lines.
func (l *layout) apply(tree any, fields []authy.Field) ([]byte, error) {
	var b bytes.Buffer
	if err := l.Execute(&b, templateData(tree, fields)); err != nil {
		e := &OptionError{Option: "template", Reason: "does not fit the result: " + describeTemplate(err)}
		if near := nearKey(err, tree); near != "" {
			e.Reason += fmt.Sprintf(", did you mean %q?", near)
		}
		return nil, e
	}
	if b.Len() > 0 && !bytes.HasSuffix(b.Bytes(), []byte("\n")) {
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// nearKey is the member of the result that a template may have meant by one that is not there.
func nearKey(err error, tree any) string {
	failure, ok := errors.AsType[template.ExecError](err)
	if !ok {
		return ""
	}
	missing := regexp.MustCompile(`map has no entry for key "(.*)"$`).FindStringSubmatch(failure.Error())
	if missing == nil {
		return ""
	}
	var names []string
	var walk func(tree any)
	walk = func(tree any) {
		switch v := tree.(type) {
		case object:
			for _, m := range v {
				names = append(names, m.name)
				walk(m.value)
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(tree)
	return authy.Nearest(missing[1], names)
}

// nothing is null in a template: it prints as nothing and counts as false.
type nothing struct{}

func (*nothing) String() string { return "" }

// templateData is a tree as templates want it: maps, and whole numbers that can be compared.
//
// Members that the catalogue knows and the service left out are there as nothing, so that a template works with every
// answer; a name that nobody knows stays an error.
func templateData(tree any, fields []authy.Field) any {
	switch v := tree.(type) {
	case nil:
		return (*nothing)(nil)
	case object:
		m := make(map[string]any, len(v))
		for _, f := range fields {
			m[f.Name] = absent(f)
		}
		for _, member := range v {
			var inner []authy.Field
			for _, f := range fields {
				if f.Name == member.name {
					inner = f.Fields
				}
			}
			m[member.name] = templateData(member.value, inner)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = templateData(item, fields)
		}
		return list
	case json.Number:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return n
		}
		if f, ok := exactFloat(string(v)); ok {
			return f
		}
	}
	return tree
}

// absent stands for a member that the service left out.
func absent(f authy.Field) any {
	switch {
	case f.Type.Kind() == reflect.Slice:
		return []any{}
	case len(f.Fields) > 0:
		return templateData(object{}, f.Fields)
	}
	return (*nothing)(nil)
}

func (p *Printer) templateJSON(value any) (string, error) {
	line, err := encode(value)
	return strings.TrimSuffix(string(line), "\n"), err
}

func joinValues(separator string, list []any) string {
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = fmt.Sprint(item)
	}
	return strings.Join(texts, separator)
}
