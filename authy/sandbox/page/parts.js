// Pieces that several views show.
import { h, icon } from "./dom.js";
import { bar, countdown, now, when } from "./time.js";

export const chip = (text, kind) => h("span", { class: "chip " + (kind || "") }, text);

export function button(text, act, data = {}, kind = "", label) {
  const attributes = { type: "button", class: kind || null, "data-act": act, "aria-label": label };
  for (const [name, value] of Object.entries(data)) attributes["data-" + name] = value;
  return h("button", attributes, text);
}

export function copy(text, what) {
  return h("button", { type: "button", class: "quiet", "data-act": "copy", "data-text": text, "data-what": what, "aria-label": `Copy ${what} ${text}` }, icon("copy"), h("span", {}, "Copy"));
}

export function toggle(text, act, on, data = {}, hint, label) {
  const attributes = { type: "button", class: "toggle", role: "switch", "aria-checked": on ? "true" : "false", "aria-label": label, "data-act": act };
  for (const [name, value] of Object.entries(data)) attributes["data-" + name] = value;
  return h("button", attributes, h("span", { class: "knob", "aria-hidden": "true" }), h("span", {}, text, hint && h("small", {}, hint)));
}

export const empty = (title, ...more) => h("div", { class: "empty" }, h("p", { class: "lead" }, title), ...more.map((m) => h("p", {}, m)));

// older is the way to further entries of a list, if there are more.
export function older(more, list) {
  return more && h("li", { class: "older", "data-key": "older" }, button("Show older", "older", { list }, "", "Show older " + list));
}

// nameOf is what a user is called, namer finds it by the id among users that were loaded.
export const nameOf = (u) => u.phone || u.custom_user_id || u.emails[0] || "user " + u.id;
export function namer(users) {
  const names = new Map(users.map((u) => [u.id, nameOf(u)]));
  return (id) => names.get(id) || "user " + id;
}

// words of lists: 1 device, 2 devices.
export const some = (n, one, many) => `${n} ${n === 1 ? one : many || one + "s"}`;

export function pairs(values) {
  return h("dl", { class: "pairs" }, Object.entries(values).map(([name, value]) => [h("dt", {}, name), h("dd", {}, typeof value === "string" ? value : JSON.stringify(value))]));
}

export function fold(title, ...content) {
  return h("details", { "data-key": "fold " + title }, h("summary", {}, title), ...content);
}

// foldList stays open however many there are: one is "a call", several are "calls".
export function foldList(n, more, one, many, ...content) {
  return h("details", { "data-key": "fold " + one }, h("summary", {}, some(n, one, many) + (more ? " and more" : "")), ...content);
}

export const block = (text) => h("pre", { tabindex: "0" }, text);
export const pretty = (value) => JSON.stringify(value, null, 2);

// code shows a one-time code with the way to copy it.
export const code = (text, what) => h("span", { class: "code" }, h("span", { class: "digits" }, text), copy(text, what));

// token is a code that changes by itself.
export function token(name, text, seconds, length) {
  const until = Math.round((now() + seconds * 1000) / length) * length; // steps end at whole multiples
  return h("div", { class: "token", "data-key": name, role: "group", "aria-label": name },
    h("p", { class: "soft" }, name), code(text, "token"), bar(until, length),
    h("p", { class: "soft small" }, "changes in ", countdown(until, "user")));
}

// link shows an address that a stranger gave: as something to follow only if it leads to a web page.
function link(address) {
  let url;
  try { url = new URL(address); } catch { return address; }
  if (!["http:", "https:"].includes(url.protocol)) return address;
  return h("a", { href: url.href, rel: "noopener noreferrer nofollow", target: "_blank" }, address);
}

const statusKinds = { pending: "warn", approved: "good", denied: "bad", expired: "" };

// approval is a push as the phone shows it; who names its user where that is not plain.
export function approval(a, who) {
  const pending = a.status === "pending", end = a.expires_at && Date.parse(a.expires_at);
  return h("li", { class: "card approval" + (pending ? " pending" : ""), "data-key": a.uuid, tabindex: "-1" },
    h("div", { class: "row" }, h("h3", {}, a.message), chip(a.status, statusKinds[a.status])),
    h("p", { class: "soft" }, who && ["For ", h("a", { href: "#/phones/" + a.authy_id }, who), " · "], "asked ", when(a.created_at),
      !pending && a.processed_at && [` · ${a.status} `, when(a.processed_at)],
      pending && (end ? [" · expires in ", countdown(end, "approvals")] : " · never expires")),
    Object.keys(a.details).length > 0 && pairs(a.details),
    Object.keys(a.hidden_details).length > 0 && fold("Hidden details", pairs(a.hidden_details)),
    a.logos.length > 0 && fold(some(a.logos.length, "logo"), h("ul", { class: "plain" }, a.logos.map((l) => h("li", {}, l.res + ": ", link(l.url))))),
    pending && h("div", { class: "buttons" },
      button("Approve", "approve", { uuid: a.uuid }, "main", "Approve: " + a.message),
      button("Deny", "deny", { uuid: a.uuid }, "danger", "Deny: " + a.message)));
}

export const answers = (post, reload, say) => Object.fromEntries(["approve", "deny"].map((verb) => [verb, async ({ uuid }) => {
  await post(`/approvals/${encodeURIComponent(uuid)}/${verb}`);
  say(verb === "approve" ? "Approved" : "Denied");
  await reload();
}]));
