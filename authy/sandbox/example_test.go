package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"

	"github.com/authysh/authysh/authy/sandbox"
)

// A client needs the sandbox's URL and key, and the outbox gives the test what the person would read.
func ExampleStart() {
	ctx := context.Background()
	box, err := sandbox.Start(ctx, "", sandbox.WithCodes(func(digits int) string { return "1234567"[:digits] }))
	if err != nil {
		log.Fatal(err)
	}
	defer box.Close(ctx)

	api := box.URL() + "/protected/json/"
	key := "?api_key=" + box.Key()
	done := func(res *http.Response, err error) {
		if err != nil {
			log.Fatal(err)
		}
		res.Body.Close()
	}
	done(http.PostForm(api+"users/new"+key, url.Values{
		"user[email]":        {"ana@example.com"},
		"user[cellphone]":    {"911 234 567"},
		"user[country_code]": {"351"},
	}))
	user := box.Users(1)[0]
	done(http.Get(fmt.Sprintf("%ssms/%d%s", api, user.ID, key)))

	text := box.Outbox(sandbox.OutboxFilter{Phone: user.Phone, Limit: 1})[0]
	fmt.Println(text.To, text.Text)

	res, err := http.Get(fmt.Sprintf("%sverify/%s/%d%s&force=true", api, text.Code, user.ID, key))
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body[:47]))
	// Output:
	// +351911234567 O seu token de Sandbox App é 1234567.
	// 200 {"message":"Token is valid.","token":"is valid"
}
