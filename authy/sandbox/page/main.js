// The virtual phone: which view is open, what is loaded when, and what is said about it.
import * as api from "./api.js";
import * as approvals from "./approvals.js";
import * as callbacks from "./callbacks.js";
import * as clockView from "./clock.js";
import { h, icon, show } from "./dom.js";
import * as faults from "./faults.js";
import { locked, tokenOf } from "./locked.js";
import { empty, some } from "./parts.js";
import * as phones from "./phones.js";
import * as requests from "./requests.js";
import { clock, hours, now, setClock, tick } from "./time.js";

const views = { phones, approvals, callbacks, requests, faults, clock: clockView };
const $ = (id) => document.getElementById(id);
const root = $("view");
let open = null, name = "phones", argument = "", closed = false;

// What is said stands for a while, and is read out once. Errors stay until something else is done.
let saying, spoke = -Infinity;
function say(text) {
  spoke = performance.now();
  complain("");
  utter(text);
}
function utter(text) {
  const brief = text.length > 160 ? text.slice(0, 160) + "…" : text;
  $("said").textContent = brief;
  clearTimeout(saying);
  saying = setTimeout(() => { $("said").textContent = ""; }, 6000);
}
function fail(e) {
  if (e.status === 401) { lock(true); return; }
  $("said").textContent = "";
  complain(e.message);
}
function complain(text) {
  $("failed").textContent = text;
  $("dismiss").hidden = !text;
}

// News are gathered, so that a flood of messages is one sentence, and wait while something was just said about
// what the reader did.
const news = { message: [], approval: [] };
let telling;
function tell(kind, text) {
  news[kind].push(text);
  telling ||= setTimeout(tellAll, 700);
}
function tellAll() {
  if (performance.now() - spoke < 2000) { telling = setTimeout(tellAll, 700); return; }
  telling = 0;
  const { message, approval } = news;
  const parts = [
    message.length > 1 ? some(message.length, "new message") : message[0],
    approval.length > 1 ? some(approval.length, "new approval request") : approval[0],
  ].filter(Boolean);
  news.message = [];
  news.approval = [];
  utter(parts.join(". "));
}

// The open view is loaded one at a time; wishes that come meanwhile become one more loading.
let loading = null, again = false;
function reload() {
  if (loading) again = true; else loading = loadOpen().finally(() => { loading = null; });
  return loading;
}
async function loadOpen() {
  do {
    again = false;
    const [view, what] = [open, argument];
    try {
      const data = await view.load(what);
      if (closed || view !== open || what !== argument) { again = !closed; continue; }
      show(root, [view.render(data, what)]);
      tick();
      arrive();
    } catch (e) {
      if (e.status !== 401 && e.status !== 0 && !root.firstElementChild?.matches("section, .split")) show(root, [empty("This cannot be shown.", e.message)]);
      if (e.status !== 0) fail(e);
    }
  } while (again);
}

// soon does something after events, and not more than four times a second however many there are.
const waiting = new Set();
function soon(what) {
  if (waiting.has(what)) return;
  waiting.add(what);
  setTimeout(() => { waiting.delete(what); if (!closed) what(); }, 250);
}

let counted = "";
async function count() {
  try {
    const [pending, rules] = await Promise.all([api.call("/approvals", { query: { status: "pending", limit: 100 } }), api.call("/faults")]);
    tabs(pending.approvals.length, rules.faults.filter((f) => !f.off).length);
  } catch { /* the stream tells what is wrong */ }
}

function tabs(pending, rules) {
  counted = `${pending} ${rules}`;
  const badges = { approvals: [pending, "pending"], faults: [rules, "on"] };
  show($("tabs"), Object.entries(views).map(([key, view]) => {
    const [n, what] = badges[key] || [];
    return h("a", { href: "#/" + key, "data-key": key, "aria-current": key === name ? "page" : null }, icon(key), h("span", {}, view.title),
      n > 0 && h("span", { class: "badge" }, n > 99 ? "99+" : n, h("span", { class: "unseen" }, " " + what)));
  }));
  document.title = (pending ? `(${pending}) ` : "") + views[name].title + " – Virtual phone";
}

function route(first) {
  if (closed) return;
  const [key, rest] = location.hash.replace(/^#\/?/, "").split("/");
  const before = open;
  name = Object.hasOwn(views, key) ? key : "phones";
  try { argument = decodeURIComponent(rest || ""); } catch { argument = rest; }
  open = views[name];
  if (open !== before) {
    open.enter?.();
    show(root, [h("p", { class: "soft wait" }, "Loading…")]);
  }
  tabs(...(counted || "0 0").split(" ").map(Number));
  arriving = !first && { from: before };
  reload();
}

// arrive moves to the start of a view once, as soon as it is there: later would take the focus from the reader.
let arriving = null;
function arrive() {
  if (!arriving) return;
  const { from } = arriving;
  arriving = null;
  if (open !== from || argument) scrollTo(0, 0);
  const heads = [root.querySelector("#h-detail"), ...root.querySelectorAll("h2[tabindex]")];
  heads.find((e) => e?.checkVisibility())?.focus({ preventScroll: true });
}

// The stream of events, with longer and longer waits while it cannot be had.
let live = null, tries = 0;
async function follow() {
  live?.abort();
  const mine = live = new AbortController();
  while (mine === live && !closed) {
    try {
      await api.stream(mine.signal, connected, happened);
    } catch (e) {
      if (mine !== live || closed) return;
      if (e.status === 401) { lock(true); return; }
      tries++;
      const wait = Math.min(10_000, 500 * 2 ** Math.min(tries - 1, 5));
      link("lost", "Reconnecting");
      if (tries > 1) banner(e.status ? e.message : "The sandbox does not answer. What is shown may be old; trying again.");
      await new Promise((done) => { wake = done; setTimeout(done, wait); });
    }
  }
}
let wake = () => {};

function link(state, text) {
  $("link").dataset.state = state;
  $("link").lastElementChild.textContent = text;
}
function banner(text) {
  if ($("banner").firstElementChild.textContent !== text) $("banner").firstElementChild.textContent = text;
  $("banner").hidden = !text;
}
async function connected() {
  tries = 0;
  link("live", "Live");
  banner("");
  try { await greet(); } catch (e) { fail(e); }
  reload();
  count();
}

function happened(kind, { data }) {
  if (kind === "message" && data.channel !== "push") tell("message", `New ${data.via === "sms" ? "text" : data.via} for ${data.to}${data.code ? ", code " + data.code : ""}`);
  if (kind === "approval" && data.status === "pending") tell("approval", "New approval request: " + data.message);
  if (kind === "clock") { setClock(data); second(); }
  const all = kind === "reset" || kind === "resync";
  if (all || open.events.includes(kind)) soon(reload);
  if (all || ["approval", "fault", "clock"].includes(kind)) soon(count);
}

// greet learns which applications there are and what time it is.
async function greet() {
  let info;
  const asked = performance.now();
  try {
    info = await api.call("", { query: {} });
  } catch (e) {
    if (e.status !== 404) throw e;
    api.setApp("");
    info = await api.call("");
  }
  setClock(info.clock, asked);
  const names = info.apps.map((a) => a.name);
  if (!names.includes(api.state.app)) api.setApp(names[0]);
  show($("app"), names.map((n) => h("option", { value: n }, n)));
  $("app").value = api.state.app;
  $("picker").hidden = names.length < 2;
  $("now").hidden = $("tabs").hidden = false;
  second();
}

function lock(refused) {
  closed = true;
  live?.abort();
  live = null;
  api.setToken("");
  link("off", "Locked");
  banner("");
  $("picker").hidden = $("now").hidden = $("tabs").hidden = true;
  show(root, [locked(refused)]);
  root.querySelector("h2").focus();
}

async function start() {
  closed = false;
  if (!api.hasToken()) { lock(false); return; }
  link("wait", "Connecting");
  try {
    await greet();
  } catch (e) {
    if (e.status === 401) { lock(true); return; }
    banner(e.message);
  }
  route(true);
  follow();
}

async function act(handler, ...given) {
  if (!handler) return;
  complain("");
  try { await handler(...given); } catch (e) { fail(e); }
}

const common = {
  async copy({ text, what }) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      throw new Error("The browser does not let this page copy: select the text and copy it yourself.");
    }
    say(`Copied ${what} ${text}`);
  },
};
root.addEventListener("click", (e) => {
  const b = e.target.closest("[data-act]");
  if (b && root.contains(b)) act(common[b.dataset.act] || open?.actions?.(reload, say)[b.dataset.act], { ...b.dataset });
});
root.addEventListener("submit", (e) => {
  e.preventDefault();
  const values = Object.fromEntries(new FormData(e.target));
  if (e.target.dataset.form === "unlock") {
    api.setToken(tokenOf(values.token));
    api.forgetEvents();
    start();
    return;
  }
  act(open.forms?.(reload, say)[e.target.dataset.form], values, e.target);
});
for (const kind of ["change", "input"]) root.addEventListener(kind, (e) => {
  const what = e.target.dataset.change;
  if (what && (kind === "input") === (e.target.type === "search")) act(open.changes?.(reload)[what], e.target.value);
});
addEventListener("hashchange", () => route(false));
$("skip").addEventListener("click", (e) => { e.preventDefault(); root.focus(); });
$("dismiss").addEventListener("click", () => { complain(""); root.focus(); });
$("retry").addEventListener("click", () => wake());
$("app").addEventListener("change", () => {
  api.setApp($("app").value);
  api.forgetEvents();
  if (argument && name === "phones") location.hash = "#/phones";
  reload();
  count();
  follow();
});

function second() {
  if (!clock.known) return;
  const e = $("now");
  e.querySelector("time").textContent = hours(now());
  e.querySelector(".chip").hidden = !clock.frozen;
  clockView.second();
}
let asked = 0;
setInterval(() => {
  if (closed) return;
  second();
  if (tick().size > 0 && Date.now() - asked > 1000) {
    asked = Date.now();
    reload();
    count();
  }
}, 250);

start();
