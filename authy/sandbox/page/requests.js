// The log of requests to the API.
import { list } from "./api.js";
import { h } from "./dom.js";
import { block, chip, empty, fold, older, pretty, toggle } from "./parts.js";
import { when } from "./time.js";

const page = 50;
let count = page, unmask = false, failed = false;

export const title = "Requests";
export const events = ["request"];

export async function load() { return list("/requests", "requests", count, { unmask, failed }); }

export function render({ found: requests, more }) {
  return h("section", { class: "column wide", "aria-labelledby": "h-requests" },
    h("div", { class: "row" }, h("h2", { id: "h-requests", tabindex: "-1" }, "Requests"),
      h("div", { class: "toggles" }, toggle("Only errors", "failed", failed), toggle("Show hidden values", "unmask", unmask))),
    h("p", { class: "soft" }, unmask ? "Phones, e-mails and codes are shown. API keys never are." : "Phones, e-mails and codes are hidden as ***. API keys are never shown. Times are real ones, in UTC."),
    h("ul", { class: "log", id: "requests" }, requests.map(entry), older(more, "requests")),
    requests.length === 0 && (failed ? empty("No request has failed.") : empty("No requests yet.", "Point a client at " + location.origin + " and watch them come in.")));
}

function entry(r) {
  return h("li", { "data-key": "r" + r.id }, h("details", {},
    h("summary", {},
      h("span", { class: "soft small" }, when(r.time, Date.now())), chip(r.status, r.status < 300 ? "good" : r.status < 400 ? "" : "bad"),
      h("span", { class: "mono path" }, h("b", {}, r.method), " " + r.path), h("span", { class: "soft op" }, r.operation || "unknown"), h("span", { class: "soft small ms" }, `${r.duration_ms.toFixed(1)} ms`),
      r.faults.length > 0 && chip("fault " + r.faults.join(", "), "warn"), r.scenario && chip("scenario", "warn")),
    h("div", { class: "inside" },
      h("h4", {}, "Parameters"), Object.keys(r.parameters).length > 0 ? block(pretty(r.parameters)) : h("p", { class: "soft" }, "none"),
      h("h4", {}, "Answer"), r.answer === null ? h("p", { class: "soft" }, "not kept") : block(typeof r.answer === "string" ? r.answer : pretty(r.answer)),
      h("p", { class: "soft" }, `Number ${r.id}`, r.app && ` · ${r.app}`, r.error_code > 0 && ` · error ${r.error_code}`, ` · from ${r.remote}`),
      h("p", { class: "soft" }, "User agent: " + (r.user_agent || "none")), r.scenario && h("p", { class: "soft" }, "Scenario: " + r.scenario))));
}

export const actions = (reload) => ({
  async unmask() { unmask = !unmask; await reload(); },
  async failed() { failed = !failed; count = page; await reload(); },
  async older() { count += page; await reload(); },
});
