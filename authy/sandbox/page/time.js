// The sandbox's time, and what counts down by it.
import { h } from "./dom.js";

let skew = 0, stands = 0;
export const clock = { frozen: false, adjustable: true, known: false };

// setClock takes the time from an event, or from an answer to what was asked at a moment of performance.now(): an
// event that came meanwhile knows better.
let told = 0;
export function setClock(c, asked) {
  if (asked === undefined) told = performance.now(); else if (asked < told) return;
  skew = Date.parse(c.now) - Date.now();
  stands = Date.parse(c.now);
  Object.assign(clock, { frozen: c.frozen, adjustable: c.adjustable, known: true });
}
// now is the sandbox's time in milliseconds, ahead how far it is from the real one.
export const now = () => clock.frozen ? stands : Date.now() + skew;
export const ahead = () => now() - Date.now();

const two = (n) => String(n).padStart(2, "0");
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

export function hours(ms) {
  const d = new Date(ms);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
}
export function day(ms) {
  const d = new Date(ms);
  return `${d.getUTCDate()} ${months[d.getUTCMonth()]} ${d.getUTCFullYear()}`;
}
// iso is a time as a field for dates and times takes it.
export const iso = (ms) => new Date(ms).toISOString().slice(0, 19);

// when shows a time; the day only if it is another one than that of reference.
export function when(text, reference = now()) {
  const ms = Date.parse(text);
  const brief = day(ms) === day(reference) ? hours(ms) : `${day(ms)}, ${hours(ms)}`;
  return h("time", { datetime: text, title: text }, brief);
}

// span is a length of time in words that fit a line.
export function span(seconds) {
  const s = Math.abs(Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${two(Math.floor(s % 3600 / 60))} min`;
  const days = Math.floor(s / 86_400);
  return days === 1 ? "1 day" : `${days} days`;
}

// countdown tells how long it is until a time, and goes on telling it. Over is what it is about, for tick.
export function countdown(until, over) {
  return h("span", { class: "left", role: "timer", "data-until": until, "data-over": over }, leftText(until));
}
const leftText = (until) => span(Math.max(0, Math.ceil((until - now()) / 1000)));

// bar empties until a time.
export function bar(until, length) {
  return h("span", { class: "bar", "aria-hidden": "true", "data-until": until, "data-length": length }, h("span"));
}

// tick brings all that counts down up to date, and tells what is over.
export function tick() {
  const over = new Set();
  for (const e of document.querySelectorAll(".left")) {
    const until = Number(e.dataset.until), text = leftText(until);
    if (e.textContent !== text) e.textContent = text;
    if (until <= now()) over.add(e.dataset.over);
  }
  for (const e of document.querySelectorAll(".bar")) {
    const part = Math.min(1, Math.max(0, (e.dataset.until - now()) / e.dataset.length));
    e.style.setProperty("--left", part.toFixed(3));
  }
  return over;
}
