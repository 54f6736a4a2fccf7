package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/arguments"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// A dry run goes through the hooks of plugins, which may change the parameters or refuse the call. Hooks are told that it is
// one. An operation of a plugin is not run: there is no telling what it would send, so its parameters are shown.

// afterHooks is the call as the hooks of plugins would let it go. Answered is a result that a hook gives in its place.
func (p *performed) afterHooks(ctx context.Context, call *authy.BoundCall) (changed *authy.BoundCall, params map[string]any, answered *present.Result, err error) {
	given, ok := plainParams(p.op, p.arguments)
	runtime := p.app.plugins.runtime
	if !ok || runtime == nil { // what is not as declared is refused by the call itself
		return call, given, nil, nil
	}
	if err := runtime.SetClient(p.client); err != nil {
		return nil, nil, nil, err
	}
	r, err := runtime.Rehearse(ctx, p.op, given)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, nil, nil, context.Cause(ctx)
	case err != nil:
		return nil, nil, nil, err
	case r.Answered:
		return nil, nil, &present.Result{Value: r.Answer, Fields: p.op.Result()}, nil
	}
	before, err := json.Marshal(given)
	if err != nil {
		return nil, nil, nil, err
	}
	after, err := json.Marshal(r.Params)
	if err != nil {
		return nil, nil, nil, err
	}
	if bytes.Equal(before, after) {
		return call, given, nil, nil
	}
	set := arguments.For(p.op, nil)
	if err := set.PutJSON(after); err != nil {
		return nil, nil, nil, fmt.Errorf("a hook of a plugin changed the parameters: %w", err)
	}
	return p.op.Bind(set), r.Params, nil, nil
}

// rehearsedOperation is an operation of a plugin that was not run.
type rehearsedOperation struct {
	Operation string         `json:"operation" yaml:"operation"`
	Effect    string         `json:"effect" yaml:"effect"`
	Params    map[string]any `json:"params" yaml:"params"`
}

// rehearsePlugin shows with what an operation of a plugin would be run.
func (p *performed) rehearsePlugin(call *authy.BoundCall, params map[string]any, printer *present.Printer) error {
	if err := call.Check(); err != nil {
		return p.named(err)
	}
	shown := rehearsedOperation{p.op.Name, p.op.Effect.String(), params}
	names := slices.Sorted(maps.Keys(params))
	var rows [][]string
	for _, name := range names {
		text, _ := json.Marshal(params[name]) // it was JSON before
		rows = append(rows, []string{name, string(text)})
	}
	return p.app.print(printer, present.Result{Value: shown, Pretty: func(w io.Writer) {
		fmt.Fprintf(w, "would run %s, which %s; nothing was run\n", shown.Operation, shown.Effect)
		for _, row := range rows {
			fmt.Fprintf(w, "  %s: %s\n", row[0], row[1])
		}
	}, Head: []string{"parameter", "value"}, Rows: rows})
}
