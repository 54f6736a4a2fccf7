package authy_test

import (
	"context"
	"errors"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
)

// boxed is a client of a fresh sandbox, which reads requests with code of its own.
func boxed(t *testing.T, options ...sandbox.Option) (*authy.Client, *sandbox.Server) {
	t.Helper()
	box, err := sandbox.Start(t.Context(), "", options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &authy.Client{Key: box.Key(), Host: box.URL()}, box
}

// TestFlow registers, texts, reads the text, and verifies: twice, for a code works once.
func TestFlow(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, box := boxed(t)
	user, err := c.RegisterUser(ctx, authy.RegisterUserParams{CountryCode: "PT", Phone: "911 234 567", Email: "ana@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.RegisterUser(ctx, authy.RegisterUserParams{CountryCode: "351", Phone: "+351911234567", Email: "ana@example.org"})
	if err != nil || again.User.ID != user.User.ID {
		t.Errorf("the same phone again: got %v, %v, want id %s", again, err, user.User.ID)
	}
	if _, err := c.RequestSMS(ctx, authy.RequestSMSParams{AuthyID: user.User.ID, Force: new(true)}); err != nil {
		t.Fatal(err)
	}
	texts := box.Outbox(sandbox.OutboxFilter{Phone: "+351911234567", Limit: 1})
	if len(texts) != 1 {
		t.Fatalf("got %d texts, want 1", len(texts))
	}
	check := authy.VerifyTokenParams{AuthyID: user.User.ID, Token: texts[0].Code, Force: new(true)}
	if _, err := c.VerifyToken(ctx, check); err != nil {
		t.Fatal(err)
	}
	if _, err := c.VerifyToken(ctx, check); !errors.Is(err, authy.ErrInvalidToken) {
		t.Errorf("a code worked twice: %v", err)
	}
	status, err := c.GetUserStatus(ctx, authy.GetUserStatusParams{AuthyID: user.User.ID})
	if err != nil || !status.Status.Confirmed || status.Status.CountryCode != 351 {
		t.Errorf("got %+v, %v, want a confirmed user in 351", status, err)
	}
	if _, err := c.GetUserStatus(ctx, authy.GetUserStatusParams{AuthyID: "999999999"}); !errors.Is(err, authy.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	stranger := &authy.Client{Key: "not-the-sandbox-key", Host: box.URL()}
	if _, err := stranger.GetApplicationDetails(ctx, authy.GetApplicationDetailsParams{}); !errors.Is(err, authy.ErrUnauthorized) {
		t.Errorf("got %v, want ErrUnauthorized", err)
	}
}
