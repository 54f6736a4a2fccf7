package lua51

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// explain gives an error that the interpreter has raised in L the words of Lua 5.1, which name the variable at fault:
// "attempt to index global 'user' (a nil value)". Its frames must still be there. Other values come back as they are.
func (v *vm) explain(L *lua.LState, value lua.LValue) lua.LValue {
	text, ok := value.(lua.LString)
	f := topFrame(L)
	if !ok || f.none() || f.fn().IsG || f.fn().Proto.SourceName == source {
		return value // a Go function has raised it
	}
	position := level{frame: f}.position()
	message, ok := strings.CutPrefix(string(text), position)
	if !ok {
		return value
	}
	if better := f.refusal(L, message); better != "" {
		return lua.LString(position + better)
	}
	return value
}

// forLoopParts are what a numeric for takes, in the words of gopher-lua and in those of Lua.
var forLoopParts = map[string]string{
	"for statement init must be a number":  "'for' initial value must be a number",
	"for statement limit must be a number": "'for' limit must be a number",
	"for statement step must be a number":  "'for' step must be a number",
}

// refusal is a message of gopher-lua in the words of Lua 5.1; empty when it is none of those that differ.
func (f frame) refusal(L *lua.LState, message string) string {
	i := f.instruction()
	switch {
	case strings.HasPrefix(message, "attempt to index a non-table object("):
		return f.refuseIndex(L, i, message)
	case message == "attempt to call a non-function object":
		switch i.op() {
		case lua.OP_CALL, lua.OP_TAILCALL:
			return "attempt to call " + f.describe(L, i.a())
		case lua.OP_TFORLOOP:
			return fmt.Sprintf("attempt to call a %s value", f.register(L, i.a()).Type())
		}
	case strings.HasPrefix(message, "cannot perform "):
		return f.refuseOperation(L)
	case message == "__unm undefined":
		return "attempt to perform arithmetic on " + f.describe(L, i.b())
	case message == "__len undefined":
		return "attempt to get length of " + f.describe(L, i.b())
	case strings.HasPrefix(message, "attempt to compare "):
		one, other, _ := strings.Cut(strings.TrimPrefix(message, "attempt to compare "), " with ")
		if one == other {
			return "attempt to compare two " + one + " values"
		}
	}
	return forLoopParts[message]
}

// refuseIndex names what was indexed, unless that was something that a metatable led to.
func (f frame) refuseIndex(L *lua.LState, i instruction, message string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(message, "attempt to index a non-table object("), ")")
	register := -1
	switch i.op() {
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_SELF:
		register = i.b()
	case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
		register = i.a()
	}
	if register >= 0 && f.register(L, register).Type().String() == kind {
		return "attempt to index " + f.describe(L, register)
	}
	return "attempt to index a " + kind + " value"
}

// refuseOperation names the operand that arithmetic or a concatenation cannot have.
func (f frame) refuseOperation(L *lua.LState) string {
	i := f.instruction()
	switch i.op() {
	case lua.OP_ADD, lua.OP_SUB, lua.OP_MUL, lua.OP_DIV, lua.OP_MOD, lua.OP_POW:
		operand := i.b()
		if _, ok := convert(f.operand(L, operand)).(lua.LNumber); ok {
			operand = i.c()
		}
		return "attempt to perform arithmetic on " + f.describe(L, operand)
	case lua.OP_UNM:
		return "attempt to perform arithmetic on " + f.describe(L, i.b())
	case lua.OP_CONCAT: // from the right, two by two
		joins := func(register int) bool { return lua.LVCanConvToString(f.register(L, register)) }
		for left := i.c() - 1; left >= i.b(); left-- {
			if !joins(left) {
				return "attempt to concatenate " + f.describe(L, left)
			}
			if !joins(left + 1) {
				return "attempt to concatenate " + f.describe(L, left+1)
			}
		}
	}
	return ""
}

// describe is an operand in the words of an error: "local 'x' (a nil value)", or "a nil value" when it has no name.
func (f frame) describe(L *lua.LState, operand int) string {
	value := fmt.Sprintf("a %s value", f.operand(L, operand).Type())
	if operand&constant != 0 {
		return value
	}
	op := f.instruction().op()
	copied := op == lua.OP_CALL || op == lua.OP_TAILCALL || op == lua.OP_CONCAT
	if kind, name := nameOf(f.fn().Proto, f.pc(), operand, copied); name != "" {
		return fmt.Sprintf("%s '%s' (%s)", kind, name, value)
	}
	return value
}

// operand is the value of a register or constant.
func (f frame) operand(L *lua.LState, operand int) lua.LValue {
	if operand&constant != 0 {
		return f.fn().Proto.Constants[operand&^constant]
	}
	return f.register(L, operand)
}

// nameOf is how a function calls what its register holds before instruction pc: "local", "global", "upvalue", "field" or
// "method" and its name; empty when it has none. Like Lua 5.1 it looks for the instruction that has filled the register. What is
// called or joined is a copy, never a local variable itself.
func nameOf(proto *lua.FunctionProto, pc, register int, copied bool) (kind, name string) {
	at := filledAt(proto, pc, register)
	kind, name = originOf(proto, at, register)
	if copied {
		return kind, name
	}
	local := localAt(proto, pc, register)
	switch {
	case local == nil, strings.HasPrefix(local.Name, "("): // a loop's own
		return kind, name
	case at == local.StartPc && instruction(proto.Code[at]).op() == lua.OP_CLOSURE: // a function, which is declared before it is made
	case at >= local.StartPc && proto.DbgSourcePositions[at] == proto.DbgSourcePositions[pc]:
		return kind, name // the block of the variable may be over, and its register used for something else; see mendLocals
	}
	return "local", local.Name
}

// originOf is the name of what instruction at has put into a register.
func originOf(proto *lua.FunctionProto, at, register int) (kind, name string) {
	if at < 0 {
		return "", ""
	}
	switch i := instruction(proto.Code[at]); i.op() {
	case lua.OP_MOVE, lua.OP_MOVEN:
		if i.b() < register {
			return nameOf(proto, at, i.b(), false)
		}
	case lua.OP_GETGLOBAL:
		return "global", textOf(proto, i.bx()|constant)
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS:
		return "field", textOf(proto, i.c())
	case lua.OP_SELF:
		return "method", textOf(proto, i.c())
	case lua.OP_GETUPVAL:
		if i.b() < len(proto.DbgUpvalues) {
			return "upvalue", proto.DbgUpvalues[i.b()]
		}
	}
	return "", ""
}

// localAt is the local variable that a register is at instruction pc; nil when it is none or that cannot be told.
//
// Without mendLocals the ends of variables are only right in functions that use no register again; in others the last has none.
func localAt(proto *lua.FunctionProto, pc, register int) *lua.DbgLocalInfo {
	locals := proto.DbgLocals
	if register < int(proto.NumParameters) && register < len(locals) {
		return locals[register]
	}
	if len(locals) == 0 || locals[len(locals)-1].EndPc == 0 {
		return nil
	}
	for _, local := range locals {
		switch {
		case local.StartPc > pc:
			return nil
		case pc > local.EndPc:
		case register == 0:
			return local
		default:
			register--
		}
	}
	return nil
}

// textOf is a constant operand that is a string; "?" for others, as in Lua 5.1.
func textOf(proto *lua.FunctionProto, operand int) string {
	if operand&constant != 0 {
		if text, ok := proto.Constants[operand&^constant].(lua.LString); ok {
			return string(text)
		}
	}
	return "?"
}

// filledAt is the last instruction before pc that has certainly filled a register; -1 when it is one of several branches.
func filledAt(proto *lua.FunctionProto, pc, register int) int {
	at, joined := -1, 0 // joined is how far the branches go that have begun
	for n := 0; n < pc; n++ {
		i := instruction(proto.Code[n])
		a, fills := i.a(), false
		here := n
		switch i.op() {
		case lua.OP_SETGLOBAL, lua.OP_SETUPVAL, lua.OP_SETTABLE, lua.OP_SETTABLEKS, lua.OP_EQ, lua.OP_LT, lua.OP_LE,
			lua.OP_TEST, lua.OP_RETURN, lua.OP_CLOSE, lua.OP_NOP:
		case lua.OP_LOADNIL:
			fills = a <= register && register <= i.b()
		case lua.OP_SELF:
			fills = register == a || register == a+1
		case lua.OP_CALL, lua.OP_TAILCALL, lua.OP_VARARG:
			fills = register >= a
		case lua.OP_TFORLOOP:
			fills = register >= a+2
		case lua.OP_FORLOOP, lua.OP_FORPREP:
			fills = register == a || register == a+3
		case lua.OP_LOADBOOL:
			if fills = register == a; i.c() != 0 {
				joined = max(joined, n+2)
			}
		case lua.OP_JMP:
			if to := n + 1 + i.sbx(); n < to && to <= pc {
				joined = max(joined, to)
			}
		case lua.OP_SETLIST:
			if i.c() == 0 {
				n++ // a number follows
			}
		case lua.OP_CLOSURE:
			fills = register == a
			n += int(proto.FunctionPrototypes[i.bx()].NumUpvalues) // each has an instruction that is none
		default:
			fills = register == a
		}
		if fills {
			if at = here; here < joined {
				at = -1
			}
		}
	}
	return at
}

// instruction is one of the interpreter's: opcode, A, C, B from the highest bits on, or opcode, A, Bx.
type instruction uint32

// constant is the bit of an operand that is no register.
const constant = 1 << 8

func (i instruction) op() int  { return int(i >> 26) }
func (i instruction) a() int   { return int(i >> 18 & 0xff) }
func (i instruction) b() int   { return int(i & 0x1ff) }
func (i instruction) c() int   { return int(i >> 9 & 0x1ff) }
func (i instruction) bx() int  { return int(i & 0x3ffff) }
func (i instruction) sbx() int { return i.bx() - 0x1ffff }
