// What goes wrong on purpose.
import { call, post } from "./api.js";
import { h } from "./dom.js";
import { button, chip, empty, some, toggle } from "./parts.js";

export const title = "Faults";
export const events = ["fault"];

export async function load() { return call("/faults"); }

// The switches are rules that people want often; on is the target that they all have in common.
const ready = [
  ["Slow answers", "latency=2s", "each waits 2 s"],
  ["Service down", "status=503", "503, nothing is done"],
  ["Rate limited", "retry_after=5s", "429 with Retry-After: 5"],
  ["Connections reset", "reset=before", "done, but the answer never comes"],
  ["Broken answers", "json=truncated", "JSON ends in its middle"],
  ["One in ten fails", "status=500, probability=0.1", "500 at random"],
  ["Callbacks twice", "callback: duplicate=1", "each comes once more"],
  ["Callbacks lost", "callback: drop=true", "none is sent"],
];

const effects = { latency: "wait", status: "answer with status", code: "answer with error code", retry_after: "429, Retry-After", body: "answer with body", reset: "reset the connection", json: "spoil the JSON",
  slow_headers: "slow headers", drip: "drip the body", skew: "skew the clock by", duplicate: "deliver again, times", delay: "deliver late by", drop: "never deliver" };
const examples = { latency: "200ms±50ms", status: "503", code: "60017", retry_after: "5s", body: "text", reset: "request, before or after", json: "truncated, wrong or html", slow_headers: "100ms", drip: "100ms", skew: "5m", duplicate: "1", delay: "5s", drop: "true" };
const often = { "": "always", every: "every nth", nth: "only the nth", first: "the first n", times: "at most n times", probability: "with probability" };

const fieldsOf = ({ id, seen, fired, off, on, key_given, ...rest }) => rest;
const quoted = (v) => /^\s|\s$|[,"]|^$/.test(String(v)) ? JSON.stringify(String(v)) : String(v);
// line writes a rule the way --fault takes it.
export const line = (f) => (f.on ? f.on + ": " : "") + Object.entries(fieldsOf(f)).map(([name, value]) => `${name}=${quoted(value)}`).join(", ");

export function render({ faults, targets }) {
  const lines = new Map(faults.map((f) => [line(f), f]));
  return h("section", { class: "column", "aria-labelledby": "h-faults" },
    h("h2", { id: "h-faults", tabindex: "-1" }, "Faults"),
    h("div", { class: "switches", id: "switches" }, ready.map(([name, rule, hint]) => {
      const f = lines.get(rule);
      return toggle(name, "ready", Boolean(f && !f.off), { rule, id: f?.id ?? "", on: f && !f.off ? "" : "yes" }, hint);
    })),
    h("h3", { class: "part" }, "A rule of your own"),
    h("form", { class: "card stack", "data-form": "build" },
      h("div", { class: "fields" },
        h("label", {}, "Which requests", h("input", { name: "on", list: "targets", placeholder: "all", autocomplete: "off" }), h("datalist", { id: "targets" }, targets.map((t) => h("option", { value: t })))),
        h("label", {}, "Which user", h("input", { name: "user", placeholder: "any", autocomplete: "off" }))),
      h("div", { class: "fields" },
        h("label", {}, "What happens", h("select", { name: "effect", "data-change": "effect" }, Object.entries(effects).map(([value, text]) => h("option", { value, selected: value === effect }, text)))),
        h("label", {}, "Value", h("input", { name: "value", required: true, placeholder: "such as " + examples[effect], autocomplete: "off" }))),
      h("div", { class: "fields" },
        h("label", {}, "How often", h("select", { name: "often" }, Object.entries(often).map(([value, text]) => h("option", { value }, text)))),
        h("label", {}, "n or probability", h("input", { name: "n", placeholder: "such as 3, or 10%", autocomplete: "off" }))),
      h("div", { class: "buttons" }, h("button", { class: "main" }, "Add rule"))),
    h("form", { class: "line grow", "data-form": "add" }, h("label", {}, "Or as one line", h("input", { name: "rule", required: true, placeholder: "request_sms: status=503, every=3", autocomplete: "off" })), h("button", {}, "Add")),
    h("div", { class: "row part" }, h("h3", {}, "Rules"), faults.length > 0 && button("Delete all", "clear", {}, "danger")),
    h("ul", { class: "cards", id: "faults" }, faults.map(rule)),
    faults.length === 0 && empty("No rules: everything works."));
}

let effect = "latency";

function rule(f) {
  const text = line(f);
  return h("li", { class: "card", "data-key": "f" + f.id, tabindex: "-1" },
    h("div", { class: "row" }, h("p", { class: "mono wrap" }, text), chip(f.off ? "off" : "on", f.off ? "" : "warn")),
    h("p", { class: "soft" }, `rule ${f.id} · fired ${f.fired} of ${some(f.seen, "request")}`, f.key_given && " · for one API key"),
    h("div", { class: "buttons" }, toggle("On", "switch", !f.off, { id: f.id, on: f.off ? "yes" : "" }, "", `Rule ${f.id} on`), button("Delete", "remove", { id: f.id }, "danger", `Delete rule ${f.id}: ${text}`)));
}

const turn = (id, on) => post(`/faults/${id}/${on ? "enable" : "disable"}`);

export const actions = (reload, say) => ({
  async ready({ rule, id, on }) {
    if (id) await turn(id, on); else await post("/faults", { rule });
    await reload();
  },
  async switch({ id, on }) { await turn(id, on); await reload(); },
  async remove({ id }) { await call("/faults/" + id, { method: "DELETE" }); say("Rule deleted"); await reload(); },
  async clear() { await call("/faults", { method: "DELETE" }); say("All rules deleted"); await reload(); },
});
export const forms = (reload, say) => ({
  async build({ on, user, effect, value, often, n }, form) {
    const body = { on: on.trim(), [effect]: value };
    if (user.trim()) body.user = user.trim();
    if (often) body[often] = n.trim();
    const { fault } = await post("/faults", body);
    form.reset();
    say("Rule added: " + line(fault));
    await reload();
  },
  async add({ rule }, form) {
    const { fault } = await post("/faults", { rule });
    form.reset();
    say("Rule added: " + line(fault));
    await reload();
  },
});
export const changes = (reload) => ({ async effect(value) { effect = value; await reload(); } });
