package repl

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// promptChildEnv makes the test binary a program with a prompt, on the streams of the process.
const promptChildEnv = "AUTHYSH_TEST_PROMPT"

func TestMain(m *testing.M) {
	if os.Getenv(promptChildEnv) != "" {
		os.Exit(runPromptChild())
	}
	goleak.VerifyTestMain(m)
}

func runPromptChild() int {
	c := processConsole()
	s, done := openLuaSession(c)
	defer done()
	code, err := Run(context.Background(), s, Options{
		Console: c, Greeting: "welcome\n.help helps", HistoryFile: os.Getenv("TEST_HISTORY"),
		Prompt: func() Prompt { return Prompt{Text: "sandbox"} },
		Commands: []Command{
			{Name: "ask", Doc: "asks", Run: func(ctx context.Context, c *Context, _ string) error {
				answer, err := c.Console().AskSecret(ctx, "your word? ")
				fmt.Fprintf(c.Stdout(), "%d letters\n", len(answer))
				return err
			}},
			{Name: "later", Doc: "prints in the background", Run: func(context.Context, *Context, string) error {
				time.AfterFunc(50*time.Millisecond, func() { fmt.Fprintln(c.Stdout(), "from the background") })
				return nil
			}},
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return code
}
