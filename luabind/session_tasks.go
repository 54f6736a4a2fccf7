package luabind

import (
	"cmp"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// TaskInfo tells of a task of a session.
type TaskInfo struct {
	// Number is what [Session.CancelTask] takes. The first task has 1.
	Number int
	// Name says what runs, such as "authy.request_sms"; Where is the line that started it, empty when unknown.
	Name, Where string
	// Status is running, done, failed or canceled.
	Status string
	// Took is the time since the start, of a task that is over that from start to end.
	Took time.Duration
	// Err is why a task failed; else nil.
	Err *ScriptError
	// Shown is the text of what a task that is done returned; empty when that was nothing.
	Shown string
}

// RunningTasks is how many tasks run. It may be called from any goroutine, and never waits.
func (s *Session) RunningTasks() int { return int(s.rt.tasks.count.Load()) }

// Tasks lists the tasks that run, in the order of their numbers. ok is false when a task keeps the interpreter just now.
func (s *Session) Tasks() (list []TaskInfo, ok bool) {
	if !s.enterBriefly() {
		return nil, false
	}
	defer s.rt.interpreter.Unlock()
	for t := range s.rt.tasks.running {
		list = append(list, t.info())
	}
	slices.SortFunc(list, func(a, b TaskInfo) int { return cmp.Compare(a.Number, b.Number) })
	return list, true
}

// CancelTask stops the running task of that number and all that it has started; with 0 all tasks. It returns how many it
// has told so, without waiting for their end. It may be called from any goroutine.
func (s *Session) CancelTask(number int) int {
	return s.rt.tasks.cancelNumber(number)
}

func (t *task) info() TaskInfo {
	end := t.ended
	if !t.isOver() {
		end = time.Now()
	}
	return TaskInfo{
		Number: t.number, Name: t.name, Where: t.where, Status: string(t.status), Took: end.Sub(t.begun), Err: t.failure,
	}
}

// taskEnded hands a task that ended in the background on to the host, who tells the user: it then counts as looked at.
func (s *Session) taskEnded(t *task) {
	info := t.info()
	if len(t.values) > 0 && t.values[0] != lua.LNil {
		info.Shown = s.show(t.values, nil)
	}
	if t.status == taskFailed {
		t.seen = true
		s.rt.state.G.Global.RawSetString("_err", t.failure.Value)
	}
	s.onTask(info)
}
