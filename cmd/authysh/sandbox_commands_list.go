package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
)

// What the commands share that list something of a sandbox.

// sandboxListFlags are the flags of those commands.
type sandboxListFlags struct {
	limit         int
	before, after int64
}

func (f *sandboxListFlags) declare(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.limit, "limit", sandbox.DefaultLimit, "at most this `number`, the latest first")
	cmd.Flags().Int64Var(&f.before, "before", 0, "only those before this `id`, as the last one of a list has")
	cmd.Flags().Int64Var(&f.after, "after", 0, "only those after this `id`, as the first one of a list has")
}

func (f *sandboxListFlags) query() url.Values {
	query := url.Values{"limit": {strconv.Itoa(f.limit)}}
	if f.before != 0 {
		query.Set("before", strconv.FormatInt(f.before, 10))
	}
	if f.after != 0 {
		query.Set("after", strconv.FormatInt(f.after, 10))
	}
	return query
}

// mostOfAPage is how many elements a sandbox gives at once.
const mostOfAPage = 10_000

// list gives up to the limit of the query, in as many pages as that takes.
func (c *sandboxClient) list(ctx context.Context, name string, query url.Values) ([]byte, error) {
	left, _ := strconv.Atoi(query.Get("limit"))
	var found []string
	for {
		query.Set("limit", strconv.Itoa(min(left, mostOfAPage)))
		answer, err := c.get(ctx, "/"+name, query)
		if err != nil {
			return nil, err
		}
		elements := gjson.GetBytes(answer, name)
		if !elements.IsArray() {
			return nil, &authy.ResponseError{Field: name, Reason: "is missing", Status: http.StatusOK}
		}
		if left <= mostOfAPage && found == nil {
			return []byte(elements.Raw), nil
		}
		for _, element := range elements.Array() {
			found = append(found, element.Raw)
			left--
		}
		next := gjson.GetBytes(answer, "next")
		if next.Type != gjson.Number || left <= 0 || len(elements.Array()) == 0 {
			return joined(found), nil
		}
		query.Set("before", next.Raw)
	}
}

// joined is a list of the elements.
func joined(elements []string) []byte {
	var b bytes.Buffer
	for i, element := range elements {
		fmt.Fprintf(&b, "%c%s", "[,"[min(i, 1)], element)
	}
	if len(elements) == 0 {
		b.WriteByte('[')
	}
	return append(b.Bytes(), ']')
}

func (a *app) sandboxActivitiesCommand() *cobra.Command {
	var list sandboxListFlags
	var user string
	l := &sandboxLook{
		cmd:     &cobra.Command{Use: "activities", Short: "list what applications reported of their users to a sandbox"},
		columns: []string{"id", "time", "authy_id", "type", "user_ip", "data"},
		call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
			query := list.query()
			if user != "" {
				query.Set("authy_id", user)
			}
			return c.list(ctx, "activities", query)
		},
	}
	l.cmd.Flags().StringVar(&user, "user", "", "only those of the user with this Authy `id`")
	list.declare(l.cmd)
	return a.lookCommand(l)
}
