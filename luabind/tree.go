package luabind

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// Tree is a script that was read but not run, for tools that look at scripts.
type Tree struct {
	Statements []ast.Stmt
	// Tokens are the words of the text in their order, with lines and columns from 1: the nodes of the tree have only
	// lines. Comments are none.
	Tokens []ast.Token
}

// Parse reads a script as [Runtime.Run] does; name stands in the error, which is a [*ScriptError].
func Parse(source, name string) (*Tree, error) {
	text := sourceText(source)
	if _, err := compileText(text, name); err != nil {
		return nil, err
	}
	statements, err := parseSource(text, name) // anew, as the compiler adds to the tree
	if err != nil {
		return nil, syntaxError(text, name, err)
	}
	return &Tree{statements, tokensOf(text)}, nil
}

// tokensOf cuts a text that the parser accepted into its words, with the parser's own scanner.
func tokensOf(text string) []ast.Token {
	var tokens []ast.Token
	scanner, lexer := parse.NewScanner(strings.NewReader(text), ""), &parse.Lexer{}
	for {
		token, err := scanner.Scan(lexer)
		if err != nil || token.Type < 0 {
			return tokens
		}
		lexer.PrevTokenType = token.Type
		tokens = append(tokens, token)
	}
}
