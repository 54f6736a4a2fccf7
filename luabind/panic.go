package luabind

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// PanicError is a Go panic in code of the host: a function of one of its modules, an operation, a middleware or a stream.
//
// It ends the script as any other error does, and not the process: errors.As finds it in what [Runtime.Run] and its like return,
// unless the script has caught it. What was under way in Go stays as the panic left it.
type PanicError struct {
	// Function is what was called, as scripts write it: "crm.find", or "authy.get_user_status" for an operation or what wraps it. A
	// stream is called "standard output".
	Function string
	// Value is what the code panicked with.
	Value any
	// Stack is the stack of the goroutine at that time, for the log of the host. Scripts do not see it.
	Stack []byte
}

// Error names the function and the value, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("%s panicked: %v", e.Function, e.Value) }

// Unwrap is the value, if that is an error, such as a [runtime.Error].
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// panicOf is the error of what was recovered while a function of the host was called; nil for nothing. An error of Lua's goes on
// its way.
func panicOf(function string, recovered any) error {
	switch {
	case recovered == nil:
		return nil
	case lua51.IsRaised(recovered):
		panic(recovered)
	}
	return &PanicError{Function: function, Value: recovered, Stack: debug.Stack()}
}

// guarded are the functions of a module of the host, whose panics become errors that name them.
func guarded(module string, functions []Function) []Function {
	functions = slices.Clone(functions)
	for i, f := range functions {
		if f.Call == nil {
			continue // which is refused
		}
		functions[i].Call = func(L *lua.LState) int {
			defer func() {
				if err := panicOf(module+"."+f.Name, recover()); err != nil {
					raise(L, err)
				}
			}()
			return f.Call(L)
		}
	}
	return functions
}

// guardedCall is a call through the middlewares of the host, whose panics become errors that name the operation.
func guardedCall(f CallFunc) CallFunc {
	return func(ctx context.Context, call *Call) (result any, err error) {
		defer func() {
			atomic.StoreInt32(&call.stage, callOver)
			if failure := panicOf(scriptName(call.Op.Name), recover()); failure != nil {
				result, err = nil, failure
			}
		}()
		return f(ctx, call)
	}
}
