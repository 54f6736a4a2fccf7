-- test(name, function(t) ... end) runs a test; test() gives what came of all, as JSON.

local results = {}

local function shown(v)
  if type(v) == "string" then
    return string.format("%q", v)
  elseif type(v) == "table" then
    local ok, text = pcall(json.encode, v)
    if ok then
      return text
    end
  end
  return tostring(v)
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for k, v in pairs(a) do
    if not same(v, b[k]) then
      return false
    end
  end
  for k in pairs(b) do
    if a[k] == nil then
      return false
    end
  end
  return true
end

local judges = {}

function judges.fail(why)
  error(why, 2)
end

function judges.ok(value, why)
  if not value then
    error(why or "got " .. shown(value) .. ", want something true", 2)
  end
end

function judges.equal(got, want)
  if not same(got, want) then
    error("got " .. shown(got) .. ", want " .. shown(want), 2)
  end
end

function judges.fails(f, pattern)
  local ok, err = pcall(f)
  if ok then
    error("it did not fail", 2)
  end
  if pattern and not tostring(err):find(pattern) then
    error("it failed with " .. shown(tostring(err)) .. ", which does not match " .. shown(pattern), 2)
  end
end

function test(name, f)
  if name == nil then
    return #results == 0 and "[]" or json.encode(results)
  end
  assert(type(name) == "string" and type(f) == "function", "test wants a name and a function")
  local begun = os.clock()
  local ok, err = pcall(f, judges)
  results[#results + 1] = {
    name = name, passed = ok, message = not ok and tostring(err) or nil, seconds = os.clock() - begun,
  }
end
