package luabind_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"rules/login.lua": {Data: []byte(`local texts = require "texts" return { greeting = texts.hello }`)},
		"texts/init.lua":  {Data: []byte(`return { hello = "Olá" }`)},
		"broken.lua":      {Data: []byte("local x = \n= 1")},
		"raises.lua":      {Data: []byte(`error("not today")`)},
	}
	rt, err := luabind.New(&authy.Client{}, luabind.Files(files))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	for _, c := range []struct{ source, want string }{
		{`assert(require("rules.login").greeting == "Olá")`, ""},
		{`assert(require "json" == json)`, ""},
		{`require "broken"`, "broken.lua:2"},
		{`require "raises"`, "raises.lua:1: not today"},
		{`require "missing"`, "no file 'missing/init.lua' among the files of the program"},
		{`require "/etc/passwd"`, `cannot load module "/etc/passwd"`},
		{`require "../secret"`, `cannot load module "../secret"`},
	} {
		err := rt.Run(t.Context(), luabind.Script{Name: "main.lua", Source: c.source})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.source, err, c.want)
		}
	}
}

func TestFilesRefusesNone(t *testing.T) {
	t.Parallel()
	if _, err := luabind.New(&authy.Client{}, luabind.Files(nil)); err == nil {
		t.Error("no error for a missing file system")
	}
}
