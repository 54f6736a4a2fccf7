// Package check finds mistakes in Lua scripts without running them: calls of operations and functions that do not exist,
// parameters and values that the call itself would refuse, and globals that nothing defines.
//
// What is right is asked of a [luabind.Manual], so that a check knows what the prompt's help knows, and of the code that reads
// the parameters of real calls, so that it says the same. What only a run would tell is not judged.
package check
