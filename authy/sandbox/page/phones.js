// Users, each with devices, tokens, pushes and messages.
import { call, list, post } from "./api.js";
import { h, icon } from "./dom.js";
import { answers, approval, button, chip, code, copy, empty, foldList, nameOf, namer, older, pairs, some, toggle, token } from "./parts.js";
import { when } from "./time.js";

const page = 50;
const few = 20; // of what is folded away
const counts = { users: page, messages: page, approvals: few, activities: few };
let search = "", channel = "", shown = "";

const systems = { android: "Android", android_tablet: "Android tablet", ios: "iOS", iphone: "iPhone", ipad: "iPad", authy_chrome: "Chrome" };
const channels = { sms: "Text", call: "Call", email: "E-mail", push: "Push", verification: "Phone verification" };

export const title = "Phones";
export const events = ["message", "user", "approval", "activity", "clock"];

const none = { found: [], more: false };
export async function load(id) {
  if (shown !== id) [counts.messages, counts.approvals, counts.activities, shown] = [page, few, few, id];
  const one = id && id !== "all";
  const [users, user, messages, approvals, activities] = await Promise.all([
    list("/users", "users", counts.users, { search }),
    one ? call("/users/" + encodeURIComponent(id)).catch((e) => { if (e.status !== 404) throw e; return { user: null }; }) : { user: null },
    list("/outbox", "outbox", counts.messages, { channel, authy_id: one ? id : "" }).catch((e) => { if (e.status !== 400) throw e; return none; }),
    one ? list("/approvals", "approvals", counts.approvals, { authy_id: id }).catch(() => none) : list("/approvals", "approvals", counts.approvals, { status: "pending" }),
    one ? list("/activities", "activities", counts.activities, { authy_id: id }).catch(() => none) : none,
  ]);
  const more = { users: users.more, messages: messages.more, approvals: approvals.more, activities: activities.more };
  return { users: users.found, user: user.user, messages: messages.found, approvals: approvals.found, activities: activities.found, more };
}

export function render(data, id) {
  return h("div", { class: "split", "data-chosen": id ? "yes" : "no" },
    h("section", { class: "side", "aria-labelledby": "h-users" },
      h("div", { class: "row" }, h("h2", { id: "h-users", tabindex: "-1" }, "Users"), h("button", { type: "button", "data-act": "fold", "data-of": "add", "aria-expanded": adding ? "true" : "false" }, "Add")),
      adding && addForm(),
      h("input", { type: "search", id: "search", "data-change": "search", value: search, placeholder: "Phone, e-mail or id", "aria-label": "Search users" }),
      h("ul", { class: "people", id: "users" },
        h("li", { "data-key": "all" }, h("a", { href: "#/phones/all", "aria-current": !id || id === "all" ? "page" : null },
          h("span", { class: "face" }, icon("everyone")), h("span", { class: "who" }, h("b", {}, "Everyone"), h("span", { class: "soft" }, "All messages, phone verifications too")))),
        data.users.map((u) => person(u, id)), older(data.more.users, "users")),
      data.users.length === 0 && (search ? empty("Nobody is found.") : empty("No users yet.", "Register one through the API, or add one here."))),
    h("section", { class: "detail", "aria-labelledby": "h-detail" }, id && h("a", { class: "back", href: "#/phones" }, icon("back"), "Users"),
      data.user ? phone(data) : id && id !== "all" ? empty("There is no user " + id + ".", "The sandbox may have been reset.") : everyone(data)));
}

let adding = false;
function addForm() {
  return h("form", { class: "stack", "data-form": "add" },
    h("div", { class: "fields" },
      h("label", { class: "short" }, "Country code", h("input", { name: "country_code", value: "1", inputmode: "tel", required: true, autocomplete: "off" })),
      h("label", {}, "Phone", h("input", { name: "phone", inputmode: "tel", required: true, autocomplete: "off" }))),
    h("label", {}, "E-mail", h("input", { name: "email", type: "email", required: true, autocomplete: "off" })),
    h("div", { class: "buttons" }, h("button", { class: "main" }, "Add user")));
}

function person(u, id) {
  return h("li", { "data-key": String(u.id) }, h("a", { href: "#/phones/" + u.id, "aria-current": String(u.id) === id ? "page" : null },
    h("span", { class: "face", "aria-hidden": "true" }, (u.emails[0] || u.custom_user_id || "#").slice(0, 1).toUpperCase()),
    h("span", { class: "who" }, h("b", {}, nameOf(u)), h("span", { class: "soft" }, u.emails[0] || "no e-mail")),
    u.account_disabled ? chip("deleted", "bad") : u.suspended ? chip("suspended", "bad") : u.devices.length > 0 && chip("app")));
}

function everyone(data) {
  return [
    h("div", { class: "head" }, h("h2", { id: "h-detail", tabindex: "-1" }, "Everyone")),
    data.approvals.length > 0 && [h("h3", { class: "part" }, "Waiting for an answer"), h("ul", { class: "cards", id: "pending" }, data.approvals.map((a) => approval(a, namer(data.users)(a.authy_id))), older(data.more.approvals, "approvals"))],
    inbox(data),
  ];
}

function phone({ user: u, messages, approvals, activities, more }) {
  const waiting = approvals.filter((a) => a.status === "pending"), past = approvals.filter((a) => a.status !== "pending");
  return [
    h("div", { class: "head" },
      h("div", {}, h("h2", { id: "h-detail", tabindex: "-1" }, nameOf(u)),
        h("p", { class: "soft" }, u.emails.join(", ") || "no e-mail"),
        h("p", { class: "soft idline" }, "Authy id ", h("span", { class: "mono" }, u.id), copy(String(u.id), "Authy id"), u.custom_user_id && [" · custom id ", h("span", { class: "mono" }, u.custom_user_id)]),
        h("p", { class: "chips" }, chip(u.confirmed ? "confirmed" : "not confirmed", u.confirmed ? "good" : ""), u.suspended && chip("suspended", "bad"), u.account_disabled && chip("deleted", "bad"),
          u.failures > 0 && chip(some(u.failures, "wrong token"), "warn"))),
      !u.account_disabled && toggle("Suspended", "suspend", u.suspended, { id: u.id, on: u.suspended ? "" : "yes" })),
    waiting.length > 0 && [h("h3", { class: "part" }, "Waiting for an answer"), h("ul", { class: "cards", id: "pending" }, waiting.map((a) => approval(a)), past.length === 0 && older(more.approvals, "approvals"))],
    h("h3", { class: "part" }, "Tokens"),
    h("div", { class: "tokens", id: "tokens" },
      u.app_token ? token("Authy app", u.app_token, u.app_token_seconds, 10_000) : h("p", { class: "token none soft", "data-key": "no app" }, "No Authy app: add a device, and its token appears here."),
      u.generic_token ? token("Other authenticator", u.generic_token, u.generic_token_seconds, 30_000) : h("p", { class: "token none soft", "data-key": "no generic" }, "No other authenticator: it appears once the application asks for a secret (QR code).")),
    h("h3", { class: "part" }, "Devices"),
    h("ul", { class: "devices", id: "devices" }, u.devices.map((d) => h("li", { "data-key": "device " + d.id }, icon("phones"), h("b", {}, systems[d.os_type] || d.os_type), h("span", { class: "soft" }, "since ", when(d.created_at)))),
      u.devices.length === 0 && h("li", { class: "soft" }, "none")),
    !u.account_disabled && h("form", { class: "line", "data-form": "device" }, h("input", { type: "hidden", name: "id", value: u.id }),
      h("label", {}, h("span", { class: "unseen" }, "System"), h("select", { name: "os_type" }, Object.entries(systems).map(([value, text]) => h("option", { value }, text)))),
      h("button", {}, "Add device")),
    inbox({ messages, more }),
    past.length > 0 && foldList(past.length, more.approvals, "answered or expired request", "", h("ul", { class: "cards", id: "past" }, past.map((a) => approval(a)), older(more.approvals, "approvals"))),
    activities.length > 0 && foldList(activities.length, more.activities, "activity", "activities", h("ul", { class: "cards", id: "activities" }, activities.map((a) =>
      h("li", { class: "card" }, h("div", { class: "row" }, h("b", {}, a.type), when(a.time)), a.user_ip && h("p", { class: "soft" }, "from " + a.user_ip), Object.keys(a.data).length > 0 && pairs(a.data))), older(more.activities, "activities"))),
  ];
}

function inbox({ messages, more }) {
  return [
    h("div", { class: "row part" }, h("h3", {}, "Inbox"), h("label", { class: "line" }, h("span", { class: "unseen" }, "Messages of kind"), h("select", { "data-change": "channel", id: "channel" },
      h("option", { value: "" }, "All kinds"), Object.entries(channels).map(([value, text]) => h("option", { value, selected: value === channel }, text))))),
    h("ul", { class: "cards", id: "outbox" }, messages.map(message), older(more.messages, "messages")),
    messages.length === 0 && empty(channel ? "No messages of this kind." : "No messages yet.", !channel && "Texts, calls, e-mails and pushes land here the moment the application asks for them."),
  ];
}

function message(m) {
  const kind = m.channel === "verification" ? `Phone verification by ${m.via === "call" ? "call" : "text"}` : channels[m.via] || m.via;
  return h("li", { class: "card message", "data-key": "m" + m.id }, h("span", { class: "face " + m.via }, icon(m.via)),
    h("div", { class: "body" }, h("div", { class: "row" }, h("p", {}, h("b", {}, kind), h("span", { class: "soft" }, m.to && " to " + m.to)), h("span", { class: "soft small" }, when(m.time))),
      h("p", { class: "said" }, m.text), m.code && code(m.code, "code")));
}

export const actions = (reload, say) => ({
  ...answers(post, reload, say),
  async suspend({ id, on }) { await post(`/users/${id}/${on ? "suspend" : "unsuspend"}`); await reload(); },
  async older({ list }) { counts[list] += page; await reload(); },
  async fold() { adding = !adding; await reload(); if (adding) document.querySelector("form[data-form=add] [name=phone]")?.focus(); },
});
export const forms = (reload, say) => ({
  async device({ id, os_type }) { await post(`/users/${id}/register-app`, { os_type }); say("Device added"); await reload(); },
  async add(values) {
    const { user } = await post("/users", values);
    adding = false;
    location.hash = "#/phones/" + user.id;
    say("User added");
    await reload();
  },
});
export const changes = (reload) => ({
  async search(value) { [search, counts.users] = [value, page]; await reload(); },
  async channel(value) { [channel, counts.messages] = [value, page]; await reload(); },
});
