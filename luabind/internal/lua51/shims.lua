-- The parts that must be Lua, because only a Lua function can be continued after a yield.
-- protect, step and suspend are Go functions; enter is the frame below which protect catches errors.
local protect, protectHandled, enter, step, suspend = ...

local function pass(...) return ... end

-- The call of suspend must not be a tail call: gopher-lua cannot resume those. It must take all values: a call that
-- wants more values than the coroutine is resumed with would read registers that hold nothing.
local function yield(...) return pass(suspend(...)) end

-- relay hands on what protect or step answered: true or false and the values if the call is over. Nil, a thread and
-- values mean that the function called has yielded: so does pcall, and then resumes the thread.
local relay
local function again(handler, thread, ...) return relay(handler, step(handler, thread, yield(...))) end
relay = function(handler, ok, ...)
  if ok ~= nil then return ok, ... end
  return again(handler, ...)
end

local function pcall(...) return relay(nil, protect(true, enter, nil, ...)) end
local function xpcall(f, handler, ...) return relay(handler, protectHandled(true, enter, handler, f, ...)) end

-- Bodies for coroutines: of a Go function, and of one whose errors go to a handler first.
local function plain(f) return function(...) return pass(f(...)) end end
local function armed(f, arm) return function(...) arm() return pass(f(...)) end end

return pcall, xpcall, yield, relay, again, plain, armed
