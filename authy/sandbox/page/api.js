// The paths under api/, and the stream of events.

// The token comes in the address, or is typed in, and is kept for this tab alone. Not in a cookie: that would
// be sent to every port of this machine. It travels as a header, so no address ever holds it.
const given = new URLSearchParams(location.search).get("token");
if (given) sessionStorage.setItem("token", given);
if (location.search) history.replaceState(null, "", location.pathname + location.hash);

let token = sessionStorage.getItem("token") || "";
export const state = { app: sessionStorage.getItem("app") || "" };

export function setToken(text) {
  token = text;
  if (text) sessionStorage.setItem("token", text); else sessionStorage.removeItem("token");
}
export const hasToken = () => token !== "";

export function setApp(name) {
  state.app = name;
  sessionStorage.setItem("app", name);
}

// Refused is an answer that is not a success; its status is 0 when none came.
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

// request asks for a path, of the chosen application. Rules of faults are shown and made for all of them: a rule
// can say by itself which one it is about.
async function request(path, options) {
  const url = new URL("api" + path, location.origin + location.pathname);
  if (state.app && path && !path.startsWith("/faults")) url.searchParams.set("app", state.app);
  let answer;
  try {
    answer = await fetch(url, { ...options, cache: "no-store", headers: { "X-Sandbox-Token": token, ...options.headers } });
  } catch (e) {
    if (e.name === "AbortError") throw e;
    throw new Refused("The sandbox does not answer.", 0);
  }
  if (answer.ok) return answer;
  let said = {};
  try { said = await answer.json(); } catch { /* no JSON: the status must do */ }
  throw new Refused(said.message || `The sandbox answers ${answer.status}.`, answer.status);
}

// call asks for JSON. Parameters that are empty are left out.
export async function call(path, { method = "GET", query = {}, body } = {}) {
  const text = new URLSearchParams(Object.entries(query).filter(([, v]) => v !== "" && v !== undefined && v !== false)).toString();
  const options = { method, headers: {} };
  if (body) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  return (await request(path + (text ? "?" + text : ""), options)).json();
}

// list reads up to count elements of a list, page by page; more tells whether there are others.
const most = 10_000; // of one page
export async function list(path, member, count, query = {}) {
  const found = [];
  let next;
  do {
    const answer = await call(path, { query: { ...query, limit: Math.min(count - found.length, most), before: next } });
    found.push(...answer[member]);
    next = answer.next ?? undefined;
  } while (next && found.length < count);
  return { found, more: next !== undefined };
}
export const post = (path, body) => call(path, { method: "POST", body });

// The sandbox says something at least every 15 seconds; a line that is silent for longer is dead.
const silence = 40_000;

let last = "";

// stream follows the events until it breaks, which it tells by failing. EventSource could not: it cannot send
// the token in a header, and does not say why it was refused.
export async function stream(signal, opened, happened) {
  const end = new AbortController();
  const stop = () => end.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, silence);
  try {
    const answer = await request("/events", { signal: end.signal, headers: last ? { "Last-Event-ID": last } : {} });
    opened();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "", event = "", data = "";
    for (;;) {
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) throw new Refused("The sandbox has closed the connection.", 0);
      timer = setTimeout(stop, silence);
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const [, name, text] = /^(\w+): ?(.*)$/.exec(line) || [];
        if (name === "event") event = text;
        if (name === "data") data = text;
        if (name === "id") last = text;
        if (line === "" && event) {
          happened(event, JSON.parse(data || "{}"));
          event = data = "";
        }
      }
    }
  } catch (e) {
    if (e instanceof Refused) throw e;
    throw new Refused("The connection to the sandbox is lost.", 0);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    end.abort();
  }
}
export function forgetEvents() { last = ""; }
