// h makes elements: h("div.card", {title: "…", onclick}, child, …). Text is never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function make(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class")
      element.setAttribute(
        "class",
        [element.getAttribute("class"), value].filter(Boolean).join(" "),
      );
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false),
  );
  return element;
}

function parse(tag, create) {
  const [name, ...classes] = tag.split(".");
  const element = create(name || "div");
  if (classes.length) element.setAttribute("class", classes.join(" "));
  return element;
}

const isAttributes = (v) => v && typeof v === "object" && !Array.isArray(v) && !(v instanceof Node);

export function h(tag, ...rest) {
  const attributes = isAttributes(rest[0]) ? rest.shift() : {};
  return make(
    parse(tag, (n) => document.createElement(n)),
    attributes,
    rest,
  );
}

export function svg(tag, ...rest) {
  const attributes = isAttributes(rest[0]) ? rest.shift() : {};
  return make(
    parse(tag, (n) => document.createElementNS(SVG, n)),
    attributes,
    rest,
  );
}

// breakable allows line breaks between the words of a long name:
// RoomReleased|Before|Operation|Completed.
export const breakable = (text) =>
  text
    .split(/(?<=[a-z])(?=[A-Z])/)
    .flatMap((part, i) => (i ? [document.createElement("wbr"), part] : [part]));

// replace replaces the content of an element. The focus stays on the element with the same
// data-key.
export function replace(element, ...content) {
  const key = element.contains(document.activeElement) && document.activeElement.dataset.key;
  element.replaceChildren(
    ...content.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false),
  );
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}
