package luabind

import (
	"unsafe"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// measure adds up what Lua values take, with all that can be reached from them. It is an estimate: the order of magnitude is
// right, whatever a script does.
type measure struct {
	most  int64 // beyond which it stops
	bytes int64
	seen  map[any]bool
	queue []lua.LValue
}

// newMeasure begins with what every state keeps.
func newMeasure(L *lua.LState, most int64) *measure {
	m := &measure{most: most, seen: map[any]bool{}}
	m.add(L.G.Global)
	m.add(L.G.Registry)
	if mt := L.GetMetatable(lua.LString("")); mt != nil {
		m.add(mt)
	}
	return m
}

func (m *measure) add(v lua.LValue) {
	if v != nil {
		m.queue = append(m.queue, v)
	}
}

// size is what there is; it may be less than that if it is more than the most.
func (m *measure) size() int64 {
	const perFunction, perUpvalue, perGoFunction, perObject = 112, 56, 400, 64
	for len(m.queue) > 0 && m.bytes <= m.most {
		v := m.queue[len(m.queue)-1]
		m.queue = m.queue[:len(m.queue)-1]
		switch v := v.(type) {
		case lua.LString:
			const short = 32
			if len(v) <= short {
				m.bytes += int64(len(v))
			} else {
				m.first(unsafe.StringData(string(v)), int64(len(v))) // a long one may be kept in many places
			}
		case *lua.LTable:
			if v == nil || !m.first(v, 0) {
				continue
			}
			m.bytes += lua51.TableSize(v)
			m.add(v.Metatable)
			v.ForEach(func(k, v lua.LValue) {
				if _, ok := k.(lua.LNumber); !ok {
					m.add(k)
				}
				m.add(v)
			})
		case *lua.LFunction:
			if v == nil || !m.first(v, perFunction) {
				continue
			}
			if v.Env != nil {
				m.add(v.Env)
			}
			m.code(v.Proto)
			if v.IsG {
				m.bytes += perGoFunction // and what that closes over
			}
			for _, up := range v.Upvalues {
				if up != nil && m.first(up, perUpvalue) {
					m.add(up.Value())
				}
			}
		case *lua.LUserData:
			if v == nil || !m.first(v, perObject) {
				continue
			}
			m.add(v.Metatable)
			if t, ok := v.Value.(*task); ok {
				m.task(t)
			}
		case *lua.LState:
			if v == nil || !m.first(v, perThread) {
				continue
			}
			values, room := lua51.Registers(v)
			m.bytes += int64(room) * perValue
			for _, value := range values {
				m.add(value)
			}
		}
	}
	return m.bytes
}

// code is what the compiler has made of a function, and of those in it. It leaves room for more than most need.
func (m *measure) code(p *lua.FunctionProto) {
	const perProto = 512
	if p == nil || !m.first(p, int64(perProto+4*cap(p.Code)+16*cap(p.Constants)+8*cap(p.DbgSourcePositions)+24*cap(p.DbgCalls))) {
		return
	}
	for _, constant := range p.Constants {
		m.add(constant)
	}
	for _, inner := range p.FunctionPrototypes {
		m.code(inner)
	}
}

// task is what a task keeps that is not on its stack.
func (m *measure) task(t *task) {
	for _, v := range t.values {
		m.add(v)
	}
	if t.failure != nil {
		m.bytes += int64(len(t.failure.Message))
		m.add(t.failure.Value)
	}
}

// first counts an object when it is met for the first time.
func (m *measure) first(object any, bytes int64) bool {
	if m.seen[object] {
		return false
	}
	m.seen[object] = true
	m.bytes += bytes
	return true
}
