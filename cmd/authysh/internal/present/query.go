package present

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jmespath-community/go-jmespath/pkg/functions"
	"github.com/jmespath-community/go-jmespath/pkg/interpreter"
	"github.com/jmespath-community/go-jmespath/pkg/parsing"

	"github.com/authysh/authysh/authy"
)

const queryHint = "JMESPath is explained at https://jmespath.org/tutorial.html"

// query is a compiled JMESPath expression.
//
// The library works on maps, whose order Go forgets. So the order of each map is kept beside it while a query runs, and
// what would visit a map in the order that Go has it visits it in this one.
type query struct {
	root parsing.ASTNode
	// shapes are the names of each multi-select hash of the expression, in the order written.
	shapes [][]string
}

// orderedValues is the function behind * on objects; no expression can name it.
const orderedValues = "ordered values"

func compileQuery(expression string) (q *query, err error) {
	defer func() {
		if recover() != nil { // the parser looks beyond its last token
			q, err = nil, &OptionError{"query", fmt.Sprintf("ends too early: %q", expression), queryHint}
		}
	}()
	root, err := parsing.NewParser().Parse(expression)
	if err != nil {
		return nil, &OptionError{"query", "is no JMESPath expression: " + describeSyntax(expression, err), queryHint}
	}
	q = &query{root: root}
	if err := q.prepare(&q.root); err != nil {
		return nil, err
	}
	return q, nil
}

// describeSyntax says where the parser stopped.
func describeSyntax(expression string, err error) string {
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return describeLiteral(expression)
	}
	failure, ok := errors.AsType[parsing.SyntaxError](err)
	if !ok {
		return err.Error()
	}
	at := min(max(failure.Offset, 0), len(expression))
	for at > 0 && at < len(expression) && !utf8.RuneStart(expression[at]) {
		at--
	}
	if rest := expression[at:]; strings.TrimSpace(rest) != "" {
		return fmt.Sprintf("it cannot go on at character %d with %q", utf8.RuneCountInString(expression[:at])+1, clip(rest))
	}
	return fmt.Sprintf("it ends too early, after character %d", utf8.RuneCountInString(expression[:at]))
}

// describeLiteral finds the literal that is no JSON, which the parser does not tell: most often a text without its quotes.
func describeLiteral(expression string) string {
	const rule = "what stands between backquotes must be JSON; a text is 'text'"
	begin := -1
	for i, r := range expression {
		switch {
		case r != '`' || i > 0 && expression[i-1] == '\\':
		case begin < 0:
			begin = i
		default:
			literal := strings.ReplaceAll(expression[begin+1:i], "\\`", "`")
			if !json.Valid([]byte(literal)) {
				return fmt.Sprintf("%s, got %q at character %d", rule, clip(literal), utf8.RuneCountInString(expression[:begin])+1)
			}
			begin = -1
		}
	}
	return rule
}

func clip(text string) string {
	const most = 30
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "..."
}

// prepare checks the functions that an expression calls, which the library would do in the middle of its work, and puts
// our order of objects into it.
func (q *query) prepare(node *parsing.ASTNode) error {
	for i := range node.Children {
		if err := q.prepare(&node.Children[i]); err != nil {
			return err
		}
	}
	switch node.NodeType {
	case parsing.ASTFunctionExpression:
		return checkFunction(node.Value.(string), len(node.Children))
	case parsing.ASTMultiSelectHash:
		var names []string
		for _, child := range node.Children {
			names = append(names, child.Value.(string))
		}
		q.shapes = append(q.shapes, names)
	case parsing.ASTValueProjection:
		values := parsing.ASTNode{NodeType: parsing.ASTFunctionExpression, Value: orderedValues, Children: node.Children[:1:1]}
		*node = parsing.ASTNode{NodeType: parsing.ASTProjection, Children: []parsing.ASTNode{values, node.Children[1]}}
	}
	return nil
}

func checkFunction(name string, arguments int) error {
	known := functions.GetDefaultFunctions()
	i := slices.IndexFunc(known, func(f functions.FunctionEntry) bool { return f.Name == name })
	if i < 0 {
		names := make([]string, len(known))
		for i, f := range known {
			names[i] = f.Name
		}
		reason := fmt.Sprintf("calls %s(), which is no function of JMESPath", clip(name))
		if near := authy.Nearest(name, names); near != "" {
			reason += fmt.Sprintf(", did you mean %s()?", near)
		}
		return &OptionError{"query", reason, queryHint}
	}
	least, most := 0, 0
	for _, argument := range known[i].Arguments {
		most++
		if !argument.Optional {
			least++
		}
		if argument.Variadic {
			most = math.MaxInt
		}
	}
	switch {
	case arguments < least:
		return &OptionError{"query", fmt.Sprintf("gives %s() too few arguments: it takes %d, got %d", name, least, arguments), queryHint}
	case arguments > most:
		return &OptionError{"query", fmt.Sprintf("gives %s() too many arguments: it takes %d, got %d", name, most, arguments), queryHint}
	}
	return nil
}

// apply is what the expression picks from a tree.
func (q *query) apply(tree any) (picked any, err error) {
	fail := func(reason any) error {
		return &OptionError{"query", fmt.Sprintf("does not fit the result: %v", reason), ""}
	}
	defer func() {
		if reason := recover(); reason != nil {
			picked, err = nil, fail(reason)
		}
	}()
	run := &queryRun{query: q, order: map[uintptr][]string{}}
	data := run.plain(tree)
	caller := interpreter.NewFunctionCaller(append(functions.GetDefaultFunctions(), run.functions()...)...)
	found, err := interpreter.NewInterpreter(data, caller, nil).Execute(q.root, data)
	if err != nil {
		return nil, fail(describeMismatch(err))
	}
	return run.tree(found), nil
}

// describeMismatch is what a function complains of, without the value, which may be the whole result.
func describeMismatch(err error) string {
	text := err.Error()
	if !strings.HasPrefix(text, "invalid type for: ") {
		return text
	}
	_, types, _ := strings.Cut(text[strings.LastIndex(text, "expected: ")+1:], "{")
	return "a function got the wrong type of value, it takes " + strings.ReplaceAll(strings.TrimSuffix(types, "}"), `"`, "")
}

// queryRun is one evaluation: the order of every map in it.
type queryRun struct {
	*query
	order map[uintptr][]string
}

// plain is a tree as the library wants it: maps, and numbers as float64. A number that a float64 would round stays as it
// is, so that ids keep their digits; sums and comparisons do not take it.
func (r *queryRun) plain(tree any) any {
	switch v := tree.(type) {
	case object:
		m := make(map[string]any, len(v))
		names := make([]string, 0, len(v))
		for _, member := range v {
			if _, twice := m[member.name]; !twice {
				names = append(names, member.name)
			}
			m[member.name] = r.plain(member.value)
		}
		r.order[reflect.ValueOf(m).Pointer()] = names
		return m
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = r.plain(item)
		}
		return list
	case json.Number:
		if f, ok := exactFloat(string(v)); ok {
			return f
		}
	}
	return tree
}

// exactFloat is a decimal number as a float64, if that has all its digits.
func exactFloat(digits string) (float64, bool) {
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, false
	}
	if strings.ContainsAny(digits, "eE") {
		return f, true // a measure, not an id
	}
	if strings.Contains(digits, ".") {
		digits = strings.TrimSuffix(strings.TrimRight(digits, "0"), ".")
	}
	return f, strconv.FormatFloat(f, 'f', -1, 64) == digits
}

// tree is what the library gave, in order again.
func (r *queryRun) tree(value any) any {
	switch v := value.(type) {
	case map[string]any:
		o := make(object, 0, len(v))
		for _, name := range r.names(v) {
			o = append(o, member{name, r.tree(v[name])})
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = r.tree(item)
		}
		return list
	case float64:
		return number(v)
	case nil, bool, string, json.Number:
		return v
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Slice { // some functions give []string
		list := make([]any, v.Len())
		for i := range list {
			list[i] = r.tree(v.Index(i).Interface())
		}
		return list
	}
	if n, err := treeOf(value); err == nil { // an int, as find_first gives
		return n
	}
	return nil // an expression type, which has no JSON form
}

// number writes a float64 as JSON has it; what is no number is null there.
func number(f float64) any {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil
	case f == 0: // -0 as well
		return json.Number("0")
	case f == math.Trunc(f) && math.Abs(f) < 1e21:
		return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
	}
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
}

// names are the keys of a map: in the order of the result, or of the expression that made it, or sorted.
func (r *queryRun) names(m map[string]any) []string {
	are := func(names []string) bool {
		return len(names) == len(m) && !slices.ContainsFunc(names, func(name string) bool { _, has := m[name]; return !has })
	}
	if names := r.order[reflect.ValueOf(m).Pointer()]; are(names) {
		return names
	}
	if i := slices.IndexFunc(r.shapes, are); i >= 0 {
		return r.shapes[i]
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// functions replace those that would show Go's order of maps.
func (r *queryRun) functions() []functions.FunctionEntry {
	each := func(name string, argument functions.JpType, f func(m map[string]any, name string) any) functions.FunctionEntry {
		return functions.FunctionEntry{
			Name: name, Arguments: []functions.ArgSpec{{Types: []functions.JpType{argument}}},
			Handler: func(arguments []any) (any, error) {
				m, ok := arguments[0].(map[string]any)
				if !ok {
					return nil, nil
				}
				list := make([]any, 0, len(m))
				for _, name := range r.names(m) {
					list = append(list, f(m, name))
				}
				return list, nil
			},
		}
	}
	value := func(m map[string]any, name string) any { return m[name] }
	return []functions.FunctionEntry{
		each(orderedValues, functions.JpAny, value),
		each("values", functions.JpObject, value),
		each("keys", functions.JpObject, func(_ map[string]any, name string) any { return name }),
		each("items", functions.JpObject, func(m map[string]any, name string) any { return []any{name, m[name]} }),
		{
			Name: "to_string", Arguments: []functions.ArgSpec{{Types: []functions.JpType{functions.JpAny}}},
			Handler: func(arguments []any) (any, error) { return string(appendBare(nil, r.tree(arguments[0]))), nil },
		},
	}
}
