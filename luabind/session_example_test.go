package luabind_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind"
)

// A program with a prompt of its own, or none at all, types into a Session.
func ExampleSession() {
	service := sandbox.New() // in earnest: your key, and no Host
	server := httptest.NewServer(service)
	defer server.Close()
	rt, err := luabind.New(&authy.Client{Key: service.Key(), Host: server.URL})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	session := rt.NewSession(luabind.SessionOptions{})

	for _, line := range []string{
		`local number = phone.parse("911 234 567", "PT")`,
		`{ number.e164, number.type }`,
		`auhty.get_user_status{ authy_id = 404 }`,
		`authy.get_user_status{ authy_id = 404 }`,
	} {
		shown, err := session.Eval(context.Background(), line)
		if failure, ok := errors.AsType[*luabind.EvalError](err); ok {
			fmt.Printf("error in column %d: %v\n", failure.Column(), failure)
			continue
		}
		if shown != "" {
			fmt.Println(shown)
		}
	}
	line := "authy.request_email{ "
	completions := session.Complete(line, len(line))
	fmt.Println(completions.Hint)
	for _, candidate := range completions.Candidates {
		fmt.Printf("  %s(%s)\n", candidate.Text, candidate.Doc)
	}
	// Output:
	// { "+351911234567", "mobile" }
	// error in column 1: auhty is not defined, did you mean authy?
	// error in column 7: get_user_status: User not found. (HTTP 404, code 60026)
	// authy.request_email{ authy_id, force? }  sends: Mail a code to a user.
	//   authy_id = (required: Authy id from register_user (an Authy id: digits, above 0))
	//   force = (Send even if the user has the Authy app)
}

// A program without an interpreter has the help, too.
func ExampleManual() {
	manual := luabind.NewManual(nil)
	text, _, _ := manual.Help("json.encode")
	fmt.Print(text)
	_, near, ok := manual.Help("json.encod")
	fmt.Println(ok, near)
	// Output:
	// json.encode(value, options?)
	//
	// Gives the JSON text of a value.
	//
	// Parameters:
	//
	//   value      any      keys 1 to n make a list, names an object, {} an object
	//   options?   table
	//     indent?  any      blanks per level: a number, a string of blanks, or true
	//                       for 2; one line when left out
	//     sort?    boolean  names in alphabetical order; false: as they were set; true
	//                       when left out
	//
	// Result:
	//
	//   text  string
	//
	// Example:
	//
	//   print(json.encode({ name = "ana", tags = { "a", "b" } }, { indent = 2 }))
	// false json.encode
}
