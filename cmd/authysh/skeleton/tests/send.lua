-- authysh plugin test DIR runs this: against a private sandbox, with the plugin loaded and all that it asks for granted.

test("a message is sent", function(t)
  t.equal(MODULE.send{ text = "Ana" }.sent, "Hi, Ana")
end)

test("a message needs a text", function(t)
  t.fails(function() MODULE.send{} end, "text") -- check: ignore missing-parameter
end)

test("nobody is deleted", function(t)
  local user = authy.register_user{ country_code = "PT", phone = "911234567", email = "ana@example.com" }
  local done, err = authy.try.delete_user{ authy_id = user.user.id }
  t.equal(done, nil)
  t.equal(err.kind, "refused")
end)
