package present_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

func Example() {
	printer, err := present.New(present.Options{Form: present.Table, Query: "users[?sms > `1`].{name: name, texts: sms}"})
	if err != nil {
		fmt.Println(err)
		return
	}
	type user struct {
		Name string `json:"name"`
		SMS  int    `json:"sms"`
	}
	result := present.Result{Value: map[string][]user{"users": {{"Ana", 1}, {"Bernardo", 12}, {"Zé", 3}}}}
	if err := printer.Print(os.Stdout, result); err != nil {
		fmt.Println(err)
	}
	// Output:
	// name      texts
	// Bernardo  12
	// Zé        3
}

func ExampleNew_misuse() {
	_, err := present.New(present.Options{Query: "users[" + strings.Repeat("]", 2)})
	fmt.Println(err)
	// Output:
	// --query is no JMESPath expression: it cannot go on at character 8 with "]"
}
