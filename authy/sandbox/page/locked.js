// What is shown in place of everything while the token is missing or refused.
import { h } from "./dom.js";

export function locked(refused) {
  return h("section", { class: "column locked card", "aria-labelledby": "h-locked", id: "locked" },
    h("h2", { id: "h-locked", tabindex: "-1" }, refused ? "The token is not valid any more" : "This page needs the sandbox's token"),
    h("p", {}, refused ? "The sandbox was started anew, with another token. Open the address that it printed then, or paste it here." : "Open the address that the sandbox printed when it started, or paste it here."),
    h("p", { class: "mono soft" }, location.origin + "/sandbox/?token=…"),
    h("form", { class: "line grow", "data-form": "unlock" }, h("label", {}, "Address or token", h("input", { name: "token", type: "password", required: true, autocomplete: "off", spellcheck: "false" })), h("button", { class: "main" }, "Open")),
    h("p", { class: "soft" }, "To keep the token across restarts, start the sandbox with ", h("span", { class: "mono whole" }, "--admin-token"), "."));
}

// tokenOf takes the token out of what was pasted.
export function tokenOf(text) {
  try { return new URL(text.trim()).searchParams.get("token") || text.trim(); } catch { return text.trim(); }
}
