// The virtual phone. Whatever comes from the sandbox becomes text, never markup.
const $ = (id) => document.getElementById(id);
const given = new URLSearchParams(location.search).get("token");
if (given) sessionStorage.setItem("token", given);
if (location.search) history.replaceState(null, "", location.pathname);
const token = sessionStorage.getItem("token") || "";
let app = "", skew = 0, frozen = false, users = [], read = 0;

function make(tag, text, kind) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (kind) e.className = kind;
  return e;
}
// brief is a time without its fraction.
function brief(time) { return time.replace("T", " ").replace(/\.\d+Z/, "Z"); }
function say(text) { $("said").textContent = text; }

async function call(path, method = "GET", body) {
  const url = new URL("api" + path, location.href);
  if (app) url.searchParams.set("app", app);
  const headers = { "X-Sandbox-Token": token };
  if (body) headers["Content-Type"] = "application/json";
  const got = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const answer = await got.json();
  if (!got.ok) throw Object.assign(new Error(answer.message), { status: got.status });
  return answer;
}

function button(text, act, label, kind) {
  const b = make("button", text, kind);
  b.type = "button";
  b.dataset.act = text;
  if (label) b.setAttribute("aria-label", label);
  b.addEventListener("click", async () => {
    try { await act(); } catch (e) { say(e.message); }
  });
  return b;
}
function more(title, value) {
  const d = make("details");
  d.append(make("summary", title), make("pre", typeof value === "string" ? value : JSON.stringify(value, null, 2)));
  return d;
}
function copy(code) {
  return button("Copy", async () => { await navigator.clipboard.writeText(code); say("Copied " + code); }, "Copy code " + code);
}

// show keeps the elements that did not change, so that focus and open details stay where they are.
function show(list, things, key, draw, none) {
  const old = new Map([...list.children].map((e) => [e.dataset.key, e]));
  const focus = document.activeElement, act = focus?.dataset?.act, at = focus?.closest?.("li")?.dataset.key;
  const fresh = things.map((t) => {
    const k = String(t[key]), text = JSON.stringify(t), was = old.get(k);
    if (was && was.dataset.text === text) return was;
    const li = make("li");
    li.dataset.key = k;
    li.dataset.text = text;
    li.tabIndex = -1;
    li.append(...draw(t));
    return li;
  });
  if (!fresh.length) fresh.push(make("li", none, "soft"));
  if (fresh.length !== list.children.length || fresh.some((e, i) => e !== list.children[i])) list.replaceChildren(...fresh);
  if (at && list.id && !document.contains(focus)) {
    const li = fresh.find((e) => e.dataset.key === at);
    ([...(li?.querySelectorAll("button") || [])].find((b) => b.dataset.act === act) || li)?.focus();
  } else if (at && document.activeElement !== focus && list.contains(focus)) focus.focus();
}

function codeLine(name, code, seconds) {
  const p = make("p", name + " "), left = make("span", "", "left soft");
  left.dataset.until = read + seconds * 1000;
  p.append(make("span", code, "code"), " ", left, " ", copy(code));
  return p;
}
const loaders = {
  async users() {
    users = (await call("/users")).users;
    read = Date.now();
    show($("users"), users, "id", (u) => {
      const out = [make("h3", u.phone || u.emails[0] || "User " + u.id)];
      out.push(make("p", [u.id, ...u.emails, u.suspended ? "suspended" : ""].filter(Boolean).join(" · "), "soft"));
      if (u.app_token) out.push(codeLine("Authy app", u.app_token, u.app_token_seconds));
      if (u.generic_token) out.push(codeLine("Other app", u.generic_token, u.generic_token_seconds));
      out.push(make("p", "Devices: " + (u.devices.map((d) => d.os_type).join(", ") || "none"), "soft"));
      return out;
    }, "No users yet.");
    const whose = $("whose"), chosen = whose.value;
    whose.replaceChildren(new Option("everybody", ""), ...users.map((u) => new Option(u.phone || u.id, u.id)));
    whose.value = users.some((u) => String(u.id) === chosen) ? chosen : "";
  },
  async outbox() {
    const id = $("whose").value;
    show($("outbox"), (await call("/outbox" + (id ? "?authy_id=" + id : ""))).outbox, "id", (m) => {
      const out = [make("p", `${m.via} to ${m.to} · ${brief(m.time)}`, "soft"), make("p", m.text)];
      if (m.code) { const p = make("p"); p.append(make("span", m.code, "code"), " ", copy(m.code)); out.push(p); }
      return out;
    }, "No messages yet.");
  },
  async approvals() {
    show($("approvals"), (await call("/approvals")).approvals, "uuid", (a) => {
      const out = [make("h3", a.message), make("p", `For user ${a.authy_id} · ${a.status}`, "soft status")];
      for (const [name, value] of Object.entries(a.details)) out.push(make("p", name + ": " + value));
      if (Object.keys(a.hidden_details).length) out.push(more("Hidden details", a.hidden_details));
      for (const l of a.logos) out.push(make("p", `Logo (${l.res}): ${l.url}`, "soft"));
      out.push(make("p", a.expires_at ? "Expires " + brief(a.expires_at) : "Never expires", "soft"));
      if (a.status === "pending") for (const [text, verb, kind] of [["Approve", "approve", "main"], ["Deny", "deny"]]) {
        out.push(button(text, async () => { await call(`/approvals/${encodeURIComponent(a.uuid)}/${verb}`, "POST"); await load("approvals"); },
          text + ": " + a.message, kind));
      }
      return out;
    }, "No approval requests yet.");
  },
  async callbacks() {
    show($("callbacks"), (await call("/callbacks")).callbacks, "id", (c) => {
      const out = [make("h3", `${c.kind} ${c.event}: ${c.state}`), make("p", `${c.method} ${c.url}`, "soft")];
      c.attempts.forEach((t, i) => out.push(more(`Attempt ${i + 1}: ${t.status || t.error}`,
        `${t.method} ${t.url}\n` + Object.entries(t.header || {}).map(([n, v]) => `${n}: ${v}`).join("\n") + `\n\n${t.body}\n\n→ ${t.status} ${t.error}\n${t.answer}`)));
      out.push(button("Send again", async () => { await call(`/callbacks/${c.id}/resend`, "POST"); await load("callbacks"); }, "Send callback " + c.id + " again"));
      return out;
    }, "No callbacks yet.");
  },
  async faults() {
    show($("faults"), (await call("/faults")).faults, "id", (f) => {
      const { id, seen, fired, off, ...rule } = f;
      const act = (path, method) => async () => { await call("/faults/" + id + path, method); await load("faults"); };
      return [make("p", JSON.stringify(rule)), make("p", `fired ${fired} of ${seen}${off ? " · off" : ""}`, "soft"),
        button(off ? "Enable" : "Disable", act(off ? "/enable" : "/disable", "POST"), (off ? "Enable" : "Disable") + " rule " + id),
        button("Delete", act("", "DELETE"), "Delete rule " + id)];
    }, "No rules.");
  },
  async requests() {
    show($("requests"), (await call("/requests" + ($("unmask").checked ? "?unmask=true" : ""))).requests, "id", (r) =>
      [make("p", `${r.method} ${r.path} → ${r.status}`), more("Details", { parameters: r.parameters, answer: r.answer, faults: r.faults })], "No requests yet.");
  },
  async clock() { setClock((await call("/clock")).clock); },
};
function setClock(c) {
  skew = Date.parse(c.now) - Date.now();
  const stopped = c.frozen;
  frozen = stopped && c.now;
  $("freeze").textContent = stopped ? "Unfreeze" : "Freeze";
  for (const b of document.querySelectorAll("#advance button, #advance input")) b.disabled = !c.adjustable;
}

// load reads a part anew; calls while one is under way become a single further one.
const busy = {};
async function load(name) {
  if (busy[name]) { busy[name] = 2; return; }
  do {
    busy[name] = 1;
    try { await loaders[name](); } catch (e) { say(e.message); }
  } while (busy[name] === 2);
  busy[name] = 0;
}
function loadAll() { for (const name of Object.keys(loaders)) load(name); }

let source;
const kinds = { message: ["outbox", "users"], user: ["users"], approval: ["approvals"], callback: ["callbacks"], request: ["requests"],
  clock: ["clock", "users", "approvals"], fault: ["faults"] };
function listen() {
  source?.close();
  source = new EventSource("api/events?" + new URLSearchParams({ token, app }));
  const mine = source;
  source.onopen = () => { $("link").textContent = "Live"; loadAll(); };
  source.onerror = () => {
    $("link").textContent = "Reconnecting";
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => { if (mine === source) listen(); }, 2000);
  };
  for (const [kind, parts] of Object.entries(kinds)) source.addEventListener(kind, (e) => {
    const { data } = JSON.parse(e.data);
    if (kind === "message") say(`New ${data.via} for ${data.to}${data.code ? ", code " + data.code : ""}`);
    if (kind === "approval" && data.status === "pending") say("New approval request: " + data.message);
    parts.forEach(load);
  });
  for (const kind of ["reset", "resync"]) source.addEventListener(kind, loadAll);
}
function form(id, act) {
  $(id).addEventListener("submit", async (e) => {
    e.preventDefault();
    try { await act(Object.fromEntries(new FormData(e.target))); } catch (x) { say(x.message); }
  });
}
form("advance", async (v) => { setClock((await call("/clock", "POST", v)).clock); });
form("add", async (v) => { await call("/faults", "POST", v); $("add").reset(); await load("faults"); });
$("freeze").addEventListener("click", () => call("/clock", "POST", { freeze: !frozen }).then((a) => setClock(a.clock), (e) => say(e.message)));
$("unmask").addEventListener("change", () => load("requests"));
$("whose").addEventListener("change", () => load("outbox"));
$("app").addEventListener("change", () => { app = $("app").value; listen(); });

setInterval(() => {
  $("now").textContent = frozen ? frozen + " (frozen)" : new Date(Date.now() + skew).toISOString();
  let over = false;
  for (const e of document.querySelectorAll(".left")) {
    const left = Math.max(0, Math.ceil((e.dataset.until - (frozen ? read : Date.now())) / 1000));
    e.textContent = left + " s";
    over ||= left === 0;
  }
  if (over) load("users");
}, 250);

try {
  if (!token) throw new Error("No token was given.");
  const { apps } = await call("");
  $("app").replaceChildren(...apps.map((a) => new Option(a.name, a.name)));
  app = apps[0].name;
  $("open").hidden = false;
  listen();
} catch (e) {
  if (e.status === 401) sessionStorage.removeItem("token");
  $("link").textContent = "Locked";
  $("why").textContent = e.message;
  $("locked").hidden = false;
}
