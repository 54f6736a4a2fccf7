// Package worker runs Lua scripts of strangers in a child process, which is killed when it does not keep to its limits.
//
// A runtime of [luabind.Untrusted] keeps scripts from all but the service, and stops them within its limits. What it cannot
// do is survive a fault in the interpreter, or take back memory at once. A worker puts the same runtime into a process of its
// own: the program that uses it starts itself once more, so its main begins with
//
//	if worker.Is() {
//		worker.Main()
//	}
//
// and [Worker.Run] then runs scripts there, one at a time. A run costs some milliseconds more than one in the process, the start
// of a child some tens of them; the child is used again until it has to be killed.
//
// Each run has a runtime of its own. [Worker.Load] keeps that of its script, and [Worker.Call] calls functions in it, with values
// that JSON can carry, in some tenths of a millisecond: a script is read once, and can remember what it has seen. That is lost with the child;
// the next call then loads the script anew. A context that ends has the child end the run, which keeps the child; one that does
// not obey is killed half a second later.
//
// Errors of scripts cross with what they are: errors.As finds [*luabind.ScriptError], [*luabind.LimitError],
// [*luabind.ExitError], [*authy.APIError] and [*authy.ValidationError], and for any failed call an [authy.Error] with its kind.
//
// # What the child has
//
// It never has the API key. Its requests go over a pipe to the parent, which adds host and key, and sends those alone that an
// operation of the API would make; those of the dashboard, which are signed, are not among them. The child has no
// environment, an empty working directory, and no descriptors but its pipes. It ends with its parent.
//
// The parent believes nothing that it hears: messages have a bound and must be in turn, else the child is killed, and requests,
// sends and output are counted by the parent as well. A script that has taken over the child can still do what the
// operating system lets the user do. Where that is too much, run the program under a user, in a container or in a namespace of
// its own.
//
// # Where it works
//
// Time, output, requests and messages are bounded everywhere. On Linux the parent looks at the memory of the child fifty
// times a second, the kernel refuses far more than the limit, neither files nor dumps can be written, programs that the child
// has started are killed with it, and it dies with its parent whatever it does. Elsewhere memory is bounded by the limits
// of the runtime and the garbage collector alone, and a child that ignores the end of its input can outlive a parent that was
// killed. Plugins, modules and operations of the host are not there, so calls cannot go from a script to the host.
package worker
