// The sandbox's time: set, moved, frozen.
import { call, post } from "./api.js";
import { h } from "./dom.js";
import { button, chip, toggle } from "./parts.js";
import { ahead, clock, day, hours, iso, now, setClock, span } from "./time.js";

export const title = "Clock";
export const events = ["clock"];

export async function load() {
  const asked = performance.now();
  setClock((await call("/clock")).clock, asked);
}

function distance() {
  const s = Math.round(ahead() / 1000);
  if (Math.abs(s) < 2) return "the real time";
  return `${span(s)} ${s > 0 ? "ahead of" : "behind"} the real time`;
}

// face is brought up to date by the second.
export function second() {
  const e = document.getElementById("face");
  if (!e) return;
  e.querySelector("time").textContent = hours(now());
  e.querySelector(".day").textContent = day(now()) + ", UTC";
  e.querySelector(".distance").textContent = distance();
}

export function render() {
  const fixed = !clock.adjustable;
  const steps = [["10s", "+10 s"], ["1m", "+1 min"], ["10m", "+10 min"], ["1h", "+1 h"], ["24h", "+1 day"]];
  return h("section", { class: "column", "aria-labelledby": "h-clock" },
    h("h2", { id: "h-clock", tabindex: "-1" }, "Clock"),
    h("div", { class: "card face-card", id: "face" }, h("p", { class: "big" }, h("time", { role: "timer" }, hours(now()))), h("p", { class: "soft day" }, day(now()) + ", UTC"),
      h("p", {}, h("span", { class: "soft distance" }, distance()), clock.frozen && [" ", chip("frozen", "warn")])),
    fixed ? h("p", { class: "card" }, "The program that runs this sandbox gave it its own clock, which cannot be changed here.") : [
      h("div", { class: "card stack" }, toggle("Frozen", "freeze", clock.frozen, { on: clock.frozen ? "" : "yes" }, "time stands still: codes and requests do not expire"),
        h("div", { class: "buttons" }, steps.map(([by, text]) => button(text, "advance", { by }, "", "Advance by " + text.slice(1)))),
        h("form", { class: "line grow", "data-form": "advance" }, h("label", {}, "Advance by", h("input", { name: "advance", required: true, placeholder: "90s, 10m, 24h or -5m", autocomplete: "off" })), h("button", {}, "Advance")),
        h("form", { class: "line grow", "data-form": "set" }, h("label", {}, "Set to (UTC)", h("input", { name: "set", type: "datetime-local", step: "1", required: true, value: iso(opened) })), h("button", {}, "Set")),
        h("div", { class: "buttons" }, button("Back to the real time", "real"))),
      h("p", { class: "soft" }, "All applications of this sandbox share the clock. Tokens, codes and approval requests go by it; the log of requests does not."),
    ]);
}

let opened = 0;
// enter is called when the view is opened: what the field proposes must not change under the fingers.
export function enter() { opened = now(); }

const change = async (body, reload, say) => {
  const asked = performance.now();
  setClock((await post("/clock", body)).clock, asked);
  say(`The clock shows ${hours(now())}, ${day(now())}`);
  await reload();
};
export const actions = (reload, say) => ({
  freeze: ({ on }) => change({ freeze: Boolean(on) }, reload, say),
  advance: ({ by }) => change({ advance: by }, reload, say),
  real: () => change({ real: true }, reload, say),
});
export const forms = (reload, say) => ({
  advance: ({ advance }) => change({ advance }, reload, say),
  set: ({ set }) => change({ set: (set.length === 16 ? set + ":00" : set) + "Z" }, reload, say),
});
