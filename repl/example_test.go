package repl_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/authysh/authysh/repl"
)

// calculator is a session that adds numbers.
type calculator struct{}

// Eval adds what is between the plus signs.
func (calculator) Eval(_ context.Context, src string) (string, error) {
	sum := 0.0
	for _, word := range strings.Split(src, "+") {
		n, err := strconv.ParseFloat(strings.TrimSpace(word), 64)
		if err != nil {
			return "", fmt.Errorf("%q is not a number", strings.TrimSpace(word))
		}
		sum += n
	}
	return strconv.FormatFloat(sum, 'g', -1, 64), nil
}

// Incomplete waits for the number after a plus sign.
func (calculator) Incomplete(src string) bool { return strings.HasSuffix(src, "+") }

// Complete has nothing to offer.
func (calculator) Complete(_ string, pos int) repl.Completions { return repl.Completions{From: pos} }

// Help explains the one thing there is.
func (calculator) Help(topic string) (text, near string, ok bool) {
	return "numbers can be added: 1 + 2", "", topic == ""
}

// On a terminal the same call opens an interactive prompt; here the input is a pipe.
func ExampleRun() {
	input := strings.NewReader("40+2\n1 +\n 2\n.double 21\n")
	code, err := repl.Run(context.Background(), calculator{}, repl.Options{
		Console: repl.NewConsole(input, os.Stdout, os.Stderr),
		Prompt:  func() repl.Prompt { return repl.Prompt{Text: "calculator"} },
		Commands: []repl.Command{{
			Name: "double", Usage: "<number>", Doc: "adds a number to itself",
			Run: func(ctx context.Context, c *repl.Context, args string) error {
				return c.Eval(ctx, args+"+"+args)
			},
		}},
	})
	fmt.Println(code, err)
	// Output:
	// 42
	// 3
	// 42
	// 0 <nil>
}
