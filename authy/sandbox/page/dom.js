// Elements and how they are brought up to date. Whatever comes from the sandbox becomes text, never markup.

// h makes an element. Properties are attributes; null and false ones are left out. Children are nodes and texts.
export function h(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) e.setAttribute(name, value === true ? "" : String(value));
  }
  e.append(...children.flat(9).filter((c) => c !== null && c !== undefined && c !== false && c !== ""));
  return e;
}

const shapes = {
  phones: "M8 2h8a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2zM11 18.5h2",
  approvals: "M12 3l7 3v5c0 4.5-3 8.2-7 10-4-1.8-7-5.5-7-10V6zM9 12l2.2 2.2L15.5 10",
  callbacks: "M4 12h13M12 7l5 5-5 5M20 4v16",
  requests: "M4 6h16M4 12h16M4 18h10",
  faults: "M13 2L5 14h6l-1 8 9-13h-6z",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2",
  sms: "M4 5h16v11H9l-5 4z",
  call: "M6 3h4l1.5 5-2.3 1.7a12 12 0 0 0 5 5L16 12.5l5 1.5v4a2 2 0 0 1-2.2 2A16 16 0 0 1 4 5.2 2 2 0 0 1 6 3z",
  email: "M3 5h18v14H3zM3 6l9 7 9-7",
  push: "M18 9a6 6 0 1 0-12 0c0 6-2 7-2 7h16s-2-1-2-7M10 20a2 2 0 0 0 4 0",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  everyone: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-3.5 2.5-6 6-6s6 2.5 6 6M16 4.5a3.5 3.5 0 0 1 0 6.5M17.5 14.2c2.2.8 3.5 3 3.5 5.8",
  back: "M15 5l-7 7 7 7",
};

// icon is a picture for the eye; what it says stands in text beside it.
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["class", "icon"], ["aria-hidden", "true"]]) svg.setAttribute(key, value);
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", shapes[name] || shapes.push);
  svg.append(path);
  return svg;
}

// What the reader or a clock has set stays: an opened fold, the width of a bar.
const kept = new Set(["open", "style"]);

function update(was, is) {
  if (was.nodeType !== Node.ELEMENT_NODE) {
    if (was.nodeValue !== is.nodeValue) was.nodeValue = is.nodeValue;
    return;
  }
  for (const { name, value } of [...is.attributes]) if (was.getAttribute(name) !== value) was.setAttribute(name, value);
  for (const { name } of [...was.attributes]) if (!is.hasAttribute(name) && !kept.has(name)) was.removeAttribute(name);
  updateChildren(was, [...is.childNodes]);
}

const keyOf = (node) => node.dataset?.key;

// updateChildren gives an element new children, but keeps each old one that can become a new one: elements with
// the same data-key, and else those of the same kind in the same place. So focus, folds and selections stay.
function updateChildren(parent, wanted) {
  const keys = new Set(wanted.map(keyOf).filter(Boolean));
  const keyed = new Map();
  for (const node of [...parent.childNodes]) {
    const key = keyOf(node);
    if (!key) continue;
    if (keys.has(key) && !keyed.has(key)) keyed.set(key, node); else node.remove();
  }
  let at = parent.firstChild;
  for (const want of wanted) {
    const key = keyOf(want);
    const have = key ? keyed.get(key) : at && !keyOf(at) && at.nodeName === want.nodeName ? at : null;
    if (!have || have.nodeName !== want.nodeName) {
      parent.insertBefore(want, at);
      continue;
    }
    if (have === at) at = at.nextSibling; else parent.insertBefore(have, at);
    update(have, want);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

// show makes nodes the content of root. When what had the focus is gone, what is nearest to it gets it.
export function show(root, nodes) {
  const focus = root.contains(document.activeElement) && document.activeElement !== root ? document.activeElement : null;
  const item = focus?.closest("[data-key]"), key = item?.dataset.key, act = focus?.dataset.act, list = item?.parentElement;
  const place = item ? [...list.children].indexOf(item) : 0;
  updateChildren(root, nodes.flat(9).filter(Boolean));
  if (!focus || focus.isConnected) return;
  const same = key && [...root.querySelectorAll("[data-key]")].find((e) => e.dataset.key === key);
  const near = same || (list?.isConnected && (list.children[place] || list.lastElementChild));
  const again = same && act && [...same.querySelectorAll("[data-act]")].find((e) => e.dataset.act === act);
  const target = again || near || root;
  if (!target.matches("a, button, input, select, summary, [tabindex]")) target.setAttribute("tabindex", "-1");
  target.focus({ preventScroll: true });
}
