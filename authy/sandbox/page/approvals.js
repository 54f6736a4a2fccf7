// Approval requests of all users.
import { list, post } from "./api.js";
import { h } from "./dom.js";
import { answers, approval, empty, namer, older } from "./parts.js";

const page = 50;
let count = page, status = "";

export const title = "Approvals";
export const events = ["approval", "clock"];

export async function load() {
  const [approvals, users] = await Promise.all([list("/approvals", "approvals", count, { status }), list("/users", "users", 200)]);
  return { approvals: approvals.found, more: approvals.more, called: namer(users.found) };
}

export function render({ approvals, more, called }) {
  return h("section", { class: "column", "aria-labelledby": "h-approvals" },
    h("div", { class: "row" }, h("h2", { id: "h-approvals", tabindex: "-1" }, "Approval requests"),
      h("label", { class: "line" }, h("span", { class: "unseen" }, "Requests that are"), h("select", { "data-change": "status" },
        [["", "All"], ["pending", "Pending"], ["approved", "Approved"], ["denied", "Denied"], ["expired", "Expired"]].map(([value, text]) => h("option", { value, selected: value === status }, text))))),
    h("ul", { class: "cards", id: "approvals" }, approvals.map((a) => approval(a, called(a.authy_id))), older(more, "requests")),
    approvals.length === 0 && (status ? empty("None is " + status + ".") : empty("No approval requests yet.", "They appear here when the application asks a user to approve something (OneTouch), with Approve and Deny.")));
}

export const actions = (reload, say) => ({ ...answers(post, reload, say), async older() { count += page; await reload(); } });
export const changes = (reload) => ({ async status(value) { [status, count] = [value, page]; await reload(); } });
