package journal_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/authysh/authysh/luabind/journal"
)

func Example() {
	folder, err := os.MkdirTemp("", "journal")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "users.journal")
	ctx := context.Background()
	header := journal.Header{Script: journal.Script{Name: "enrol.lua"}, Source: journal.Source{Name: "users.csv"}, Key: "phone"}

	run := func() error {
		j, err := journal.Open(ctx, path, header)
		if err != nil {
			return err
		}
		for n, phone := range []string{"+351911234567", "+351911234568"} {
			row := int64(n) + 1
			fmt.Println(phone, "is", j.Status(row))
			if j.Status(row) == journal.Done {
				continue
			}
			entry := j.Begin(row, phone, nil)
			if err := entry.Call(ctx, journal.Call{Op: "request_sms", Effect: "sends"}); err != nil {
				return err
			}
			if err := entry.Done(nil); err != nil { // after the text was sent
				return err
			}
		}
		return j.Close()
	}
	for range 2 {
		if err := run(); err != nil {
			panic(err)
		}
	}
	// Output:
	// +351911234567 is unseen
	// +351911234568 is unseen
	// +351911234567 is done
	// +351911234568 is done
}
