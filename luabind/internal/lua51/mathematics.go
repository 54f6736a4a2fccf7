package lua51

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

// mathFunctions is the math library with arguments checked and converted as in Lua 5.1.
func (v *vm) mathFunctions() map[string]lua.LGFunction {
	functions := map[string]lua.LGFunction{
		"max": func(L *lua.LState) int { return v.best(L, "max", func(a, b float64) bool { return a > b }) },
		"min": func(L *lua.LState) int { return v.best(L, "min", func(a, b float64) bool { return a < b }) },
		"modf": func(L *lua.LState) int {
			whole, fraction := math.Modf(v.checkNumber(L, "modf", 1))
			if math.IsInf(whole, 0) {
				fraction = 0
			}
			L.Push(lua.LNumber(whole))
			L.Push(lua.LNumber(fraction))
			return 2
		},
		"frexp": func(L *lua.LState) int {
			fraction, exponent := math.Frexp(v.checkNumber(L, "frexp", 1))
			L.Push(lua.LNumber(fraction))
			L.Push(lua.LNumber(exponent))
			return 2
		},
		"ldexp": func(L *lua.LState) int {
			L.Push(lua.LNumber(math.Ldexp(v.checkNumber(L, "ldexp", 1), v.checkInt(L, "ldexp", 2))))
			return 1
		},
		"random": v.mathRandom, "randomseed": v.mathRandomseed,
	}
	for name, f := range mathOfOne {
		functions[name] = func(L *lua.LState) int {
			L.Push(lua.LNumber(f(v.checkNumber(L, name, 1))))
			return 1
		}
	}
	for name, f := range mathOfTwo {
		functions[name] = func(L *lua.LState) int {
			L.Push(lua.LNumber(f(v.checkNumber(L, name, 1), v.checkNumber(L, name, 2))))
			return 1
		}
	}
	return functions
}

// mathOfOne and mathOfTwo are functions of one number, and of two.
var (
	mathOfOne = map[string]func(float64) float64{
		"abs": math.Abs, "acos": math.Acos, "asin": math.Asin, "atan": math.Atan, "ceil": math.Ceil, "cos": math.Cos,
		"cosh": math.Cosh, "exp": math.Exp, "floor": math.Floor, "log": math.Log, "log10": log10, "sin": math.Sin,
		"sinh": math.Sinh, "sqrt": math.Sqrt, "tan": math.Tan, "tanh": math.Tanh,
		"deg": func(x float64) float64 { return x * 180 / math.Pi },
		"rad": func(x float64) float64 { return x * math.Pi / 180 },
	}
	mathOfTwo = map[string]func(a, b float64) float64{
		"atan2": math.Atan2, "fmod": math.Mod, "mod": math.Mod, "pow": math.Pow,
	}
)

// log10 is exact for powers of ten, as in C: Go's is a little less for 1000.
func log10(x float64) float64 {
	y := math.Log10(x)
	if n := math.Round(y); n != y && math.Abs(n-y) < 1e-9 && math.Pow10(int(n)) == x {
		return n
	}
	return y
}

// best is the argument that no other is better than.
func (v *vm) best(L *lua.LState, function string, better func(a, b float64) bool) int {
	result := v.checkNumber(L, function, 1)
	for i := 2; i <= L.GetTop(); i++ {
		if n := v.checkNumber(L, function, i); better(n, result) {
			result = n
		}
	}
	L.Push(lua.LNumber(result))
	return 1
}

// mathRandom is math.random([m [, n]]).
func (v *vm) mathRandom(L *lua.LState) int {
	low, high, last := 1, 0, 1
	switch L.GetTop() {
	case 0:
		L.Push(lua.LNumber(v.random.Float64()))
		return 1
	case 1:
		high = v.checkInt(L, "random", 1)
	case 2:
		low, high, last = v.checkInt(L, "random", 1), v.checkInt(L, "random", 2), 2
	default:
		v.fail(L, "wrong number of arguments")
	}
	if low > high {
		v.argFault(L, "random", last, "interval is empty")
	}
	span := uint64(high) - uint64(low) // wraps round to the right value
	if span == math.MaxUint64 {
		span--
	}
	L.Push(lua.LNumber(int64(uint64(low) + v.random.Uint64N(span+1))))
	return 1
}

// mathRandomseed is math.randomseed(x). The same seed gives the same numbers in every run, but not those of C.
func (v *vm) mathRandomseed(L *lua.LState) int {
	v.random = rand.New(rand.NewPCG(math.Float64bits(v.checkNumber(L, "randomseed", 1)), 0))
	return 0
}
