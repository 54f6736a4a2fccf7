package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// sandboxCommands are those that look into a sandbox in another process, in the order of help.
func (a *app) sandboxCommands() []*cobra.Command {
	return []*cobra.Command{
		a.sandboxUsersCommand(), a.sandboxOutboxCommand(), a.sandboxTokenCommand(),
		a.sandboxApprovalsCommand(), a.sandboxAnswerCommand("approve", "answer an approval request with yes, as its user"),
		a.sandboxAnswerCommand("deny", "answer an approval request with no, as its user"),
		a.sandboxUserCommand("register-app", "give a user the Authy app"),
		a.sandboxUserCommand("suspend", "suspend a user, as too many wrong codes do"),
		a.sandboxUserCommand("unsuspend", "lift a suspension"),
		a.sandboxActivitiesCommand(), a.sandboxCallbacksCommand(), a.sandboxRequestsCommand(), a.sandboxFaultsCommand(), a.sandboxClockCommand(),
		a.sandboxExportCommand(), a.sandboxImportCommand(), a.sandboxResetCommand(),
	}
}

// atMostOne refuses more than one argument; the command's subcommands come before it.
func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &usageError{message: fmt.Sprintf("authysh %s takes one %s, got also %q", commandPath(cmd), what, wording.Clip(args[1])), hint: helpHint(cmd)}
		}
		return nil
	}
}

// exactlyOne wants one argument.
func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 || args[0] == "" {
			return &usageError{message: fmt.Sprintf("authysh %s needs %s", commandPath(cmd), what), hint: helpHint(cmd)}
		}
		return atMostOne(what)(cmd, args)
	}
}

func (a *app) sandboxUsersCommand() *cobra.Command {
	var list sandboxListFlags
	var search string
	l := &sandboxLook{
		cmd: &cobra.Command{
			Use: "users [user]", Short: "list the users of a sandbox, or show one with devices and codes",
			Example: "  authysh sandbox users --url http://127.0.0.1:8047\n  authysh sandbox users +351911234567\n  authysh sandbox users --search example.com",
			Args:    atMostOne("user"),
		},
		columns: []string{"id", "phone", "email=emails.0", "registered", "confirmed", "suspended", "token=app_token", "left=app_token_seconds"},
		call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
			switch {
			case len(args) > 0 && search != "":
				return nil, &usageError{message: "a user and --search cannot go together", hint: "leave one of them out"}
			case len(args) > 0:
				return c.user(ctx, args[0])
			}
			query := list.query()
			if search != "" {
				query.Set("search", search)
			}
			return c.list(ctx, "users", query)
		},
	}
	list.declare(l.cmd)
	l.cmd.Flags().StringVar(&search, "search", "", "those whose phone, e-mail, id or custom id has this `text`")
	return a.lookCommand(l)
}

// user finds a user by Authy id or phone.
func (c *sandboxClient) user(ctx context.Context, written string) ([]byte, error) {
	id := strings.TrimSpace(written)
	if _, err := strconv.ParseInt(id, 10, 64); err == nil && !strings.HasPrefix(id, "+") {
		answer, err := c.get(ctx, "/users/"+id, nil)
		if refused, ok := errors.AsType[*authy.APIError](err); !ok || !errors.Is(refused, authy.ErrNotFound) {
			return part("user", answer, err)
		}
	}
	if phone := digitsOf(written); phone != "" {
		for u, err := range c.all(ctx, "users", url.Values{}) {
			if err != nil {
				return nil, err
			}
			whole := digitsOf(u.Get("phone").String())
			if whole != "" && (whole == phone || strings.TrimPrefix(whole, u.Get("country_code").String()) == phone) {
				return []byte(u.Raw), nil
			}
		}
	}
	return nil, &hinted{
		&authy.APIError{Status: http.StatusNotFound, Message: fmt.Sprintf("the sandbox has no user with the id or phone %q", wording.Clip(written))},
		"'authysh sandbox users' lists them",
	}
}

// all goes through a list, from the newest on, page by page.
func (c *sandboxClient) all(ctx context.Context, name string, query url.Values) iter.Seq2[gjson.Result, error] {
	return func(yield func(gjson.Result, error) bool) {
		query.Set("limit", "10000")
		for {
			answer, err := c.get(ctx, "/"+name, query)
			if err != nil {
				yield(gjson.Result{}, err)
				return
			}
			for _, item := range gjson.GetBytes(answer, name).Array() {
				if !yield(item, nil) {
					return
				}
			}
			next := gjson.GetBytes(answer, "next")
			if next.Type != gjson.Number {
				return
			}
			query.Set("before", next.Raw)
		}
	}
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}

func (a *app) sandboxOutboxCommand() *cobra.Command {
	var list sandboxListFlags
	var user, phone, channel string
	l := &sandboxLook{
		cmd: &cobra.Command{
			Use: "outbox", Short: "list the texts, calls, e-mails and pushes that a sandbox sent",
			Example: "  authysh sandbox outbox --phone 911234567 --query '[0].code' --output raw",
		},
		columns: []string{"id", "time", "channel", "to", "authy_id", "code", "text"},
		call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
			query := list.query()
			for name, value := range map[string]string{"authy_id": user, "phone": phone, "channel": channel} {
				if value != "" {
					query.Set(name, value)
				}
			}
			return c.list(ctx, "outbox", query)
		},
	}
	l.cmd.Flags().StringVar(&user, "user", "", "only what was sent to the user with this Authy `id`")
	l.cmd.Flags().StringVar(&phone, "phone", "", "only what was sent to this `phone`")
	l.cmd.Flags().StringVar(&channel, "channel", "", "only one `kind`: "+strings.Join(private.OutboxChannels, ", "))
	completeWith(l.cmd, "channel", private.OutboxChannels...)
	list.declare(l.cmd)
	return a.lookCommand(l)
}

func (a *app) sandboxTokenCommand() *cobra.Command {
	return a.lookCommand(&sandboxLook{
		cmd: &cobra.Command{
			Use: "token user", Short: "show the code that a user's Authy app shows now, and for how long",
			Long: "The user is named by Authy id or phone. The generic token is that of another\n" +
				"authenticator app; it is there once a secret was made for the user.",
			Example: "  authysh sandbox token 1635 --query token --output raw",
			Args:    exactlyOne("the Authy id or phone of a user"),
		},
		call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
			user, err := c.user(ctx, args[0])
			if err != nil {
				return nil, err
			}
			u := gjson.ParseBytes(user)
			if u.Get("app_token").String() == "" && u.Get("generic_token").String() == "" {
				id := u.Get("id").String()
				return nil, &hinted{
					&authy.APIError{Status: http.StatusNotFound, Message: "user " + id + " has no app that shows a code"},
					"'authysh sandbox register-app " + id + "' gives one",
				}
			}
			return fmt.Appendf(nil, `{"authy_id":%s,"token":%s,"seconds_left":%s,"generic_token":%s,"generic_seconds_left":%s}`,
				u.Get("id").Raw, u.Get("app_token").Raw, u.Get("app_token_seconds").Raw,
				u.Get("generic_token").Raw, u.Get("generic_token_seconds").Raw), nil
		},
		pretty: func(w io.Writer, t gjson.Result) {
			if code := t.Get("token").String(); code != "" {
				fmt.Fprintf(w, "%s  Authy app, %d s left\n", oneLineOf(code), t.Get("seconds_left").Int())
			}
			if code := t.Get("generic_token").String(); code != "" {
				fmt.Fprintf(w, "%s  generic, %d s left\n", oneLineOf(code), t.Get("generic_seconds_left").Int())
			}
		},
	})
}

// sandboxUserCommand is a command that does something to a user, under the path of its own name.
func (a *app) sandboxUserCommand(name, short string) *cobra.Command {
	return a.lookCommand(&sandboxLook{
		cmd: &cobra.Command{Use: name + " user", Short: short, Args: exactlyOne("the Authy id or phone of a user")},
		call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
			user, err := c.user(ctx, args[0])
			if err != nil {
				return nil, err
			}
			answer, err := c.post(ctx, "/users/"+gjson.GetBytes(user, "id").Raw+"/"+name, nil)
			return part("user", answer, err)
		},
	})
}

func (a *app) sandboxApprovalsCommand() *cobra.Command {
	var list sandboxListFlags
	var user, status string
	l := &sandboxLook{
		cmd:     &cobra.Command{Use: "approvals", Short: "list the approval requests of a sandbox"},
		columns: []string{"id", "uuid", "authy_id", "status", "message", "created_at"},
		call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
			query := list.query()
			if user != "" {
				query.Set("authy_id", user)
			}
			if status != "" {
				query.Set("status", status)
			}
			return c.list(ctx, "approvals", query)
		},
	}
	l.cmd.Flags().StringVar(&user, "user", "", "only those to the user with this Authy `id`")
	l.cmd.Flags().StringVar(&status, "status", "", "only `those` that are pending, approved, denied or expired")
	completeWith(l.cmd, "status", "pending", "approved", "denied", "expired")
	list.declare(l.cmd)
	return a.lookCommand(l)
}

// sandboxAnswerCommand is approve or deny.
func (a *app) sandboxAnswerCommand(name, short string) *cobra.Command {
	return a.lookCommand(&sandboxLook{
		cmd: &cobra.Command{
			Use: name + " [uuid]", Short: short,
			Long: "The beginning of a uuid will do when no other pending request begins like it.\n" +
				"Without uuid it answers the only request that is pending.",
			Args: atMostOne("uuid"),
		},
		call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
			const whole = len("c31f2620-ee70-0139-3a97-0a8b6b2ff2b5")
			var pending []string
			if len(args) > 0 && len(args[0]) >= whole {
				return c.answer(ctx, args[0], name)
			}
			for approval, err := range c.all(ctx, "approvals", url.Values{"status": {"pending"}}) {
				if err != nil {
					return nil, err
				}
				pending = append(pending, approval.Get("uuid").String())
			}
			uuid, err := approvalMeant(name, args, pending)
			if err != nil {
				return nil, err
			}
			return c.answer(ctx, uuid, name)
		},
	})
}

// answer answers an approval request, with approve or deny.
func (c *sandboxClient) answer(ctx context.Context, uuid, with string) ([]byte, error) {
	answer, err := c.post(ctx, "/approvals/"+url.PathEscape(uuid)+"/"+with, nil)
	return part("approval", answer, err)
}

// approvalMeant is the uuid of the request that is to be answered. What is no beginning of a pending one is left to the sandbox,
// which knows more of it.
func approvalMeant(command string, args, pending []string) (uuid string, err error) {
	if len(args) == 0 {
		if len(pending) == 1 {
			return pending[0], nil
		}
		return "", &usageError{
			message: fmt.Sprintf("authysh sandbox %s needs a uuid unless one request alone is pending, and there are %d", command, len(pending)),
			hint:    "'authysh sandbox approvals --status pending' lists them",
		}
	}
	written := strings.ToLower(args[0])
	var meant []string
	for _, known := range pending {
		if strings.HasPrefix(known, written) {
			meant = append(meant, known)
		}
	}
	switch {
	case written == "" || len(meant) == 0:
		return args[0], nil
	case len(meant) == 1:
		return meant[0], nil
	}
	const most = 5
	return "", &usageError{
		message: fmt.Sprintf("%d pending requests begin with %q", len(meant), wording.Clip(args[0])),
		hint:    "write more of the uuid: " + strings.Join(meant[:min(len(meant), most)], ", "),
	}
}
