package luabind_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind"
)

// InviteParams are the parameters of an operation that this program adds.
type InviteParams struct {
	Phone       string `json:"phone" rule:"phone" doc:"Phone number in any usual notation."`
	CountryCode string `json:"country_code" rule:"country_code" doc:"Country of the phone: PT, or a calling code."`
	Email       string `json:"email" rule:"email" doc:"E-mail address."`
	Days        *int   `json:"days" rule:"range 1-30" doc:"How long the invitation is good; 7 by default."`
}

// Invitation is its result.
type Invitation struct {
	AuthyID authy.ID `json:"authy_id" doc:"The new user."`
	Days    int      `json:"days" doc:"How long the invitation is good."`
}

// invite is the operation: the rules in the tags are checked before it is called.
var invite = authy.Op("invite <phone> <country_code> <email>", "Enrol somebody and text them a code.",
	authy.Route{Name: "invite", Effect: authy.Sends},
	func(c *authy.Client, ctx context.Context, p InviteParams) (*Invitation, error) {
		invitation := &Invitation{Days: 7}
		if p.Days != nil {
			invitation.Days = *p.Days
		}
		user, err := c.RegisterUser(ctx, authy.RegisterUserParams{Phone: p.Phone, CountryCode: p.CountryCode, Email: p.Email})
		if err != nil {
			return nil, err
		}
		invitation.AuthyID = user.User.ID
		_, err = c.RequestSMS(ctx, authy.RequestSMSParams{AuthyID: user.User.ID})
		return invitation, err
	})

// club is the program: "club run", "club help" and "club complete", each with one argument.
func club(ctx context.Context, client *authy.Client, stdout io.Writer, command, argument string) error {
	rt, err := luabind.New(client, luabind.Operations(invite), luabind.Stdout(stdout))
	if err != nil {
		return err
	}
	defer rt.Close()
	switch command {
	case "run":
		return rt.Run(ctx, luabind.Script{Name: "club.lua", Source: argument})
	case "help":
		text, near, ok := rt.Manual().Help(argument)
		if !ok {
			return fmt.Errorf("there is no help on %s; did you mean %s?", argument, near)
		}
		_, err = io.WriteString(stdout, text)
		return err
	case "complete":
		for _, candidate := range rt.Complete(argument, len(argument)).Candidates {
			fmt.Fprintf(stdout, "%-16s %s\n", candidate.Text, candidate.Doc)
		}
		return nil
	}
	return fmt.Errorf("there is no command %s; known are run, help and complete", command)
}

// A command-line program has operations of its own beside those of the API: scripts call them the same way, their parameters
// are checked by the same rules, and help and completion know them.
func Example_cli() {
	service := sandbox.New(sandbox.WithInstallLink(false)) // in earnest: your key, and no Host
	server := httptest.NewServer(service)
	defer server.Close()
	client := &authy.Client{Key: service.Key(), Host: server.URL}

	for _, line := range [][2]string{
		{"complete", "authy.inv"},
		{"complete", "authy.invite{ em"},
		{"help", "invite.days"},
		{"run", `local i = authy.invite{ phone = "911 234 567", country_code = "PT", email = "ana@example.com" }
print("invited for " .. i.days .. " days")`},
		{"run", `authy.invite{ phone = "911 234 567", country_code = "PT", email = "ana", dyas = 3 }`},
	} {
		fmt.Println("$ club", line[0])
		err := club(context.Background(), client, os.Stdout, line[0], line[1])
		if mistake, ok := errors.AsType[*authy.ValidationError](err); ok {
			fmt.Println(len(mistake.Problems), "mistakes:", err)
		} else if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("sent:", len(service.Outbox(sandbox.OutboxFilter{})))
	// Output:
	// $ club complete
	// invite           sends: Enrol somebody and text them a code.
	// $ club complete
	// email =          required: E-mail address (an e-mail address)
	// $ club help
	// Parameter of authy.invite{ phone, country_code, email, days? }
	//
	//   days?  integer  How long the invitation is good; 7 by default; a whole number
	//                   from 1 to 30
	// $ club run
	// invited for 7 days
	// $ club run
	// 2 mistakes: club.lua:1: invite: dyas is not a parameter, did you mean "days"?; email must be an e-mail address such as ana@example.com, got "ana"
	// sent: 1
}
