package lua51_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// Two tasks share one state. While one sleeps, the other runs.
func Example() {
	L := lua.NewState()
	defer L.Close()
	if err := lua51.Install(L); err != nil {
		panic(err)
	}
	var mu sync.Mutex
	L.SetGlobal("sleep", L.NewFunction(func(L *lua.LState) int {
		d := time.Duration(L.CheckNumber(1) * lua.LNumber(time.Second))
		lua51.Wait(L, mu.Unlock, mu.Lock, func() { time.Sleep(d) })
		return 0
	}))
	if err := L.DoString(`
		log = {}
		function task(name, seconds)
			pcall(function() sleep(seconds) error("ignored") end)
			log[#log + 1] = name
		end`); err != nil {
		panic(err)
	}

	var tasks sync.WaitGroup
	mu.Lock()
	for name, seconds := range map[string]lua.LNumber{"slow": 0.01, "quick": 0.001} {
		thread := lua51.NewThread(L)
		tasks.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			thread.Push(L.GetGlobal("task"))
			thread.Push(lua.LString(name))
			thread.Push(seconds)
			if err := lua51.PCall(thread, 2, 0, nil); err != nil {
				fmt.Println(err)
			}
		})
	}
	mu.Unlock()
	tasks.Wait()
	fmt.Println(L.ObjLen(L.GetGlobal("log")), "tasks done")
	// Output: 2 tasks done
}
