package authy

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the reference table in the README")

// referenceTable is the README's table of operations, from the catalogue.
func referenceTable() string {
	var b strings.Builder
	b.WriteString("| operation | parameters (optional ones in brackets) | command | effect | |\n|---|---|---|---|---|\n")
	for _, o := range Operations() {
		var params []string
		for _, f := range o.Params {
			name := "`" + f.Name + "`"
			if f.Optional {
				name = "[" + name + "]"
			}
			params = append(params, name)
		}
		effect := o.Effect.String()
		if o.Idempotent {
			effect += ", idempotent"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s |\n", o.Name, strings.Join(params, " "), o.Command, effect, o.Doc)
	}
	return b.String()
}

// TestReferenceTable keeps the README's table of operations equal to the catalogue; -update rewrites it.
func TestReferenceTable(t *testing.T) {
	t.Parallel()
	const path = "../README.md"
	const begin, end = "<!-- operations: made from the catalogue by go test ./authy -update -->\n", "<!-- end of operations -->"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(readme), begin)
	table, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s lacks the lines %q and %q", path, begin, end)
	}
	want := "\n" + referenceTable() + "\n"
	if table == want {
		return
	}
	if !*update {
		t.Fatalf("%s does not show the catalogue as it is; run go test ./authy -run TestReferenceTable -update", path)
	}
	if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
