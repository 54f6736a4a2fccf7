// Callbacks and webhooks: where they go, what was sent and what came back.
import { call, list, post, state as session } from "./api.js";
import { h } from "./dom.js";
import { block, button, chip, empty, fold, older, pairs, pretty } from "./parts.js";
import { when } from "./time.js";

const page = 50;
let count = page, state = "";

export const title = "Callbacks";
export const events = ["callback"];

export async function load() {
  const [sent, apps] = await Promise.all([list("/callbacks", "callbacks", count, { state }), call("/apps")]);
  return { callbacks: sent.found, more: sent.more, app: apps.apps.find((a) => a.name === session.app) || apps.apps[0] };
}

export function render({ callbacks, more, app }) {
  return h("section", { class: "column", "aria-labelledby": "h-callbacks" },
    h("div", { class: "row" }, h("h2", { id: "h-callbacks", tabindex: "-1" }, "Callbacks and webhooks"),
      h("label", { class: "line" }, h("span", { class: "unseen" }, "Callbacks that are"), h("select", { "data-change": "state" },
        [["", "All"], ["pending", "Pending"], ["delivered", "Delivered"], ["failed", "Failed"], ["dropped", "Dropped"]].map(([value, text]) => h("option", { value, selected: value === state }, text))))),
    h("form", { class: "card stack", "data-form": "target" },
      h("p", { class: "soft" }, app.callback_url ? ["Answers to approval requests go to ", h("b", {}, app.callback_method), " ", h("span", { class: "mono", id: "target" }, app.callback_url)]
        : h("span", { id: "target" }, "Answers to approval requests go nowhere: give the address of the application.")),
      h("div", { class: "fields" },
        h("label", { class: "short" }, "Method", h("select", { name: "method" }, ["POST", "GET"].map((m) => h("option", { selected: m === app.callback_method }, m)))),
        h("label", {}, "Callback URL (empty for none)", h("input", { name: "url", type: "url", value: app.callback_url, placeholder: "http://127.0.0.1:3000/callback/onetouch", autocomplete: "off" })),
        h("button", {}, "Save"))),
    h("ul", { class: "cards", id: "callbacks" }, callbacks.map(sent), older(more, "callbacks")),
    callbacks.length === 0 && (state ? empty("None is " + state + ".") : empty("Nothing was sent yet.", "Answer an approval request, or let the application create a webhook.")));
}

const kinds = { pending: "warn", delivered: "good", failed: "bad", dropped: "" };

function sent(c) {
  return h("li", { class: "card", "data-key": "c" + c.id, tabindex: "-1" },
    h("div", { class: "row" }, h("h3", {}, c.kind + " ", h("span", { class: "mono" }, c.event)), chip(c.state, kinds[c.state])),
    h("p", { class: "mono wrap" }, `${c.method} ${c.url}`),
    h("p", { class: "soft" }, when(c.created_at), ` · number ${c.id}`, c.authy_id > 0 && [" · ", h("a", { href: "#/phones/" + c.authy_id }, "user " + c.authy_id)]),
    c.attempts.map(attempt),
    c.attempts.length === 0 && [h("p", { class: "soft" }, c.state === "dropped" ? "A fault rule kept it from being sent." : "On its way."), fold("What it tells", block(pretty(c.content)))],
    h("div", { class: "buttons" }, button("Send again", "resend", { id: c.id }, "", `Send callback ${c.id} again`)));
}

const signs = /^x-authy-signature|^x-twilio|^authorization$/i;

function attempt(t, i) {
  const headers = Object.entries(t.header || {}).map(([name, values]) => [name, [values].flat().join(", ")]);
  const signature = Object.fromEntries(headers.filter(([name]) => signs.test(name)));
  const rest = Object.fromEntries(headers.filter(([name]) => !signs.test(name)));
  return h("details", { class: "attempt", "data-key": "attempt " + i },
    h("summary", {}, `Attempt ${i + 1} `, chip(t.status || "no answer", t.status >= 200 && t.status < 300 ? "good" : "bad"), h("span", { class: "soft" }, ` ${Math.round(t.duration_ms)} ms`)),
    h("h4", {}, "Request"), h("p", { class: "mono wrap" }, `${t.method} ${t.url}`), pairs(rest), t.body && block(body(t.body)),
    h("h4", {}, "Signature"), Object.keys(signature).length > 0 ? pairs(signature) : h("p", { class: "soft" }, "In the request itself: a webhook is one signed token."),
    h("h4", {}, "Response"), t.error && h("p", { class: "error" }, t.error), t.status > 0 && h("p", {}, "Status " + t.status), t.answer && block(t.answer));
}

function body(text) {
  try { return pretty(JSON.parse(text)); } catch { return text; }
}

export const actions = (reload, say) => ({
  async resend({ id }) {
    const { callback } = await post(`/callbacks/${id}/resend`);
    say("Sent again as number " + callback.id);
    await reload();
  },
  async older() { count += page; await reload(); },
});
export const forms = (reload, say) => ({
  async target({ url, method }) {
    await post("/callback", { url, method });
    say(url ? "Callbacks go to " + url : "Callbacks are off");
    await reload();
  },
});
export const changes = (reload) => ({ async state(value) { [state, count] = [value, page]; await reload(); } });
