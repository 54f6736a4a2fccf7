package luabind_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// TestPreloadOwn has middlewares, operations and modules of a host in a state of its own, in their styles.
func TestPreloadOwn(t *testing.T) {
	t.Parallel()
	type text struct {
		Text string `json:"text" rule:"text" doc:"Some text."`
	}
	shout := authy.Op("shout <text>", "Shout.", authy.Route{Name: "shout", Effect: authy.Reads},
		func(_ *authy.Client, _ context.Context, in text) (*text, error) {
			return &text{strings.ToUpper(in.Text)}, nil
		})
	score := shout
	score.Name = "shop.score"
	shop := func(*luabind.Host) luabind.Module {
		return luabind.Module{Name: "shop", Doc: "Sells.", Operations: []authy.Operation{score}}
	}
	var seen []string
	watch := func(next luabind.CallFunc) luabind.CallFunc {
		return func(ctx context.Context, call *luabind.Call) (any, error) {
			seen = append(seen, call.Op.Name)
			return next(ctx, call)
		}
	}
	L := lua.NewState()
	defer L.Close()
	if err := luabind.Preload(L, stub(t, service), luabind.Operations(shout), luabind.With(shop), luabind.Use(watch)); err != nil {
		t.Fatal(err)
	}
	if L.GetGlobal("authy") != lua.LNil || L.GetGlobal("shop") != lua.LNil {
		t.Error("a module is a global before anything required it")
	}
	err := L.DoString(`
		local shop, authy = require "shop", require "authy"
		assert(shop.score{ text = "a" }.text == "A")
		assert(select(2, shop.try.score{}).fields.text == "is required")
		local _, told = pcall(shop.try.score, { text = "a" }, print)
		assert(tostring(told):find("shop.score: shop.try returns its error", 1, true), told)
		_, told = pcall(shop.async.score, { text = "a" }, print)
		assert(tostring(told):find("shop.score: shop.async gives a task", 1, true), told)
		assert(authy.async.shout{ text = "b" }:await().text == "B")
		assert(authy.client{ key = "k" }.shout{ text = "c" }.text == "C")
		assert(require("json").encode{ 1 } == "[1]")`)
	if err != nil {
		t.Error(luabind.ErrorOf(err))
	}
	if got := strings.Join(seen, " "); got != "shop.score shop.score shout shout" {
		t.Errorf("the middleware saw %s", got)
	}
	own := lua.NewState()
	defer own.Close()
	own.PreloadModule("authy", luabind.Loader(stub(t, service), luabind.Operations(shout)))
	if err := own.DoString(`assert(require("authy").shout{ text = "d" }.text == "D")`); err != nil {
		t.Error(luabind.ErrorOf(err))
	}
}

func TestPreloadMisuse(t *testing.T) {
	t.Parallel()
	module := func(name string) luabind.Option {
		return luabind.With(func(*luabind.Host) luabind.Module { return luabind.Module{Name: name, Doc: "Does."} })
	}
	for _, test := range []struct {
		option luabind.Option
		want   string
	}{
		{luabind.Untrusted(), "takes no Untrusted, which needs the state of a runtime: make one with New"},
		{luabind.Limit(luabind.Limits{Steps: 1}), "takes no Limit"},
		{luabind.Files(fstest.MapFS{}), "takes no Files"},
		{luabind.Plugins(plugin.Enabled{}), "takes no Plugins"},
		{luabind.LimitPlugins(luabind.PluginLimits{Steps: 1}), "takes no LimitPlugins"},
		{luabind.ProgramVersion("1.0"), "takes no ProgramVersion"},
		{nil, "option 1 of Preload is nil"},
		{luabind.Clock(nil), "Clock was given no clock"},
		{module("json"), `there are two modules "json"`},
		{module("authy"), `there are two modules "authy"`},
	} {
		L := lua.NewState()
		if err := luabind.Preload(L, stub(t, nil), test.option); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
		L.Close()
	}
	bare := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer bare.Close()
	if err := luabind.Preload(bare, stub(t, nil)); err == nil || !strings.Contains(err.Error(), "lua.OpenPackage") {
		t.Errorf("without the library package: %v", err)
	}
	if err := luabind.Preload(bare, nil); err == nil || err.Error() != "luabind: Preload needs a client" {
		t.Errorf("without a client: %v", err)
	}
	defer func() {
		if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), "give With to Preload") {
			t.Errorf("Loader takes With: %v", err)
		}
	}()
	luabind.Loader(stub(t, nil), module("shop"))
}
