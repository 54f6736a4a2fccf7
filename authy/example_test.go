package authy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/authysh/authysh/authy"
)

// service stands in for Authy in the examples: it gives each path its answer, and refuses all others.
func service(answers map[string]string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.Method+" "+r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			body = `{"message":"User not found.","success":false,"errors":{"message":"User not found."},"error_code":"60026"}`
		}
		fmt.Fprint(w, body)
	}))
}

func ExampleClient() {
	server := service(map[string]string{
		"POST /protected/json/users/new": `{"message":"User created successfully.","user":{"id":1635},"success":true}`,
		"GET /protected/json/sms/1635":   `{"success":true,"message":"SMS token was sent","cellphone":"+351-XXX-XXX-XX67"}`,
	})
	defer server.Close()

	ctx := context.Background()
	client := &authy.Client{Key: "my-application-key", Host: server.URL}
	user, err := client.RegisterUser(ctx, authy.RegisterUserParams{CountryCode: "PT", Phone: "911 234 567", Email: "ana@example.com"})
	if err != nil {
		fmt.Println(err)
		return
	}
	sent, err := client.RequestSMS(ctx, authy.RequestSMSParams{AuthyID: user.User.ID, Force: new(true)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("user", user.User.ID, "has a text on", sent.Cellphone)
	// Output:
	// user 1635 has a text on +351-XXX-XXX-XX67
}

// Nothing is sent when a parameter breaks a rule, and the error names every one that does.
func ExampleValidationError() {
	client := &authy.Client{Key: "my-application-key"}
	_, err := client.VerifyToken(context.Background(), authy.VerifyTokenParams{Token: "12345", IP: new("localhost")})
	fmt.Println(err)

	if mistake, ok := errors.AsType[*authy.ValidationError](err); ok {
		for _, problem := range mistake.Problems {
			fmt.Printf("%-8s %s\n", problem.Param, problem.Reason)
		}
	}
	// Output:
	// verify_token: authy_id is required; token must be 6 to 8 digits, got 5; ip must be an IPv4 or IPv6 address, got "localhost"
	// authy_id is required
	// token    must be 6 to 8 digits, got 5
	// ip       must be an IPv4 or IPv6 address, got "localhost"
}

// Every error has a kind; errors.Is and errors.AsType find the rest.
func ExampleError() {
	server := service(nil)
	defer server.Close()
	client := &authy.Client{Key: "my-application-key", Host: server.URL}

	_, err := client.GetUserStatus(context.Background(), authy.GetUserStatusParams{AuthyID: "1635"})
	fmt.Println(err)
	if failure, ok := errors.AsType[authy.Error](err); ok {
		fmt.Println(failure.Kind(), "error of", failure.Operation())
	}
	if errors.Is(err, authy.ErrNotFound) {
		fmt.Println("no such user")
	}
	if refusal, ok := errors.AsType[*authy.APIError](err); ok {
		fmt.Println("status", refusal.Status, "code", refusal.Code)
	}
	// Output:
	// get_user_status: User not found. (HTTP 404, code 60026)
	// api error of get_user_status
	// no such user
	// status 404 code 60026
}

// A code is right when there is no error: wrong and used codes are ErrInvalidToken.
func ExampleClient_VerifyToken() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/protected/json/verify/0012345/1635" {
			fmt.Fprint(w, `{"message":"Token is valid.","token":"is valid","success":"true"}`)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message":"Token is invalid","token":"is invalid","success":false,"error_code":"60020"}`)
	}))
	defer server.Close()
	client := &authy.Client{Key: "my-application-key", Host: server.URL}

	for _, typed := range []string{"0012345", "7654321"} {
		_, err := client.VerifyToken(context.Background(), authy.VerifyTokenParams{AuthyID: "1635", Token: typed, Force: new(true)})
		switch {
		case err == nil:
			fmt.Println("welcome")
		case errors.Is(err, authy.ErrInvalidToken):
			fmt.Println("that code is wrong, or was used before")
		default:
			fmt.Println("cannot tell:", err)
		}
	}
	// Output:
	// welcome
	// that code is wrong, or was used before
}

// A push asks the user; WaitApproval polls until the answer is in.
func ExampleClient_CreateApprovalRequest() {
	server := service(map[string]string{
		"POST /onetouch/json/users/1635/approval_requests": `{"approval_request":{"uuid":"dda2c400"},"success":true}`,
		"GET /onetouch/json/approval_requests/dda2c400":    `{"approval_request":{"uuid":"dda2c400","status":"approved"},"success":true}`,
	})
	defer server.Close()

	ctx := context.Background()
	client := &authy.Client{Key: "my-application-key", Host: server.URL}
	created, err := client.CreateApprovalRequest(ctx, authy.CreateApprovalRequestParams{
		AuthyID: "1635",
		Message: "Pay 12.50 € to Café Central?",
		Details: &authy.Details{
			Visible: map[string]any{"Account": "0042", "Amount": "12.50 €"},
			Hidden:  map[string]any{"order": 981},
		},
		TTL: new(120),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	request, err := client.WaitApproval(ctx, created.ApprovalRequest.UUID, authy.WaitOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(request.ApprovalRequest.Status)
	// Output:
	// approved
}

// The catalogue holds every call as data, for commands, bindings and documentation.
func ExampleOperations() {
	for _, o := range authy.Operations() {
		if o.Effect != authy.Sends {
			continue
		}
		fmt.Printf("%s: %s\n", o.Name, o.Doc)
		for _, p := range o.Params {
			if p.Rule.Doc != "" && !p.Optional {
				fmt.Printf("    %s: %s\n", p.Name, p.Rule.Doc)
			}
		}
	}
	// Output:
	// request_sms: Text a code to a user.
	//     authy_id: an Authy id: digits, above 0
	// request_call: Call a user and read a code out.
	//     authy_id: an Authy id: digits, above 0
	// request_email: Mail a code to a user.
	//     authy_id: an Authy id: digits, above 0
	// start_phone_verification: Send a verification code to a phone.
	//     country_code: an ISO 3166 alpha-2 code or a calling code
	//     phone: a number valid for its country
	//     via: one of sms, call
	// create_approval_request: Ask a user to approve something, by push.
	//     authy_id: an Authy id: digits, above 0
	//     message: 1 to 144 characters
}
