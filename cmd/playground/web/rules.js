// Shows rules and properties, each with the sentence of the document that states it.

import { h } from "./dom.js";

let cited = { Rules: {}, Properties: {} };

export function cite(facts) {
  cited = facts;
}

export const rule = (name) => cited.Rules[name] ?? { Says: "", Spec: [] };

export const property = (machine, name) =>
  cited.Properties[machine]?.[name] ?? { Says: "", Spec: [] };

// points returns the points of Ably's specification that a rule comes from.
export const points = (name) => (rule(name).Spec ?? []).join(", ");

function show(event, name, { Says, Spec, Doc }) {
  const card = document.getElementById("rule");
  card.replaceChildren(
    h(
      "h3",
      name,
      Spec?.length
        ? h("span.muted", ` ${Spec.join(", ")}`)
        : h("span.muted", " a decision of this project"),
    ),
    h("p", Says),
    h("p.small.muted", Doc),
  );
  card.showPopover({ source: event.currentTarget });
}

// tick returns a button for a property that holds or fails. The button opens the property's
// sentence.
export function tick(machine, name, sign) {
  return h(
    "button.tick",
    { type: "button", onclick: (e) => show(e, name, property(machine, name)) },
    h("span", { class: sign === "✓" ? "yes" : "no" }, sign),
    h("span.hidden-text", sign === "✓" ? "holds: " : "fails: "),
    name,
  );
}

// chips returns a button for each rule. The button opens the rule's sentence.
export function chips(names) {
  if (!names?.length) return null;
  return h(
    "span.rules",
    names.map((name) =>
      h(
        "button.chip",
        {
          type: "button",
          "aria-label": `Rule ${name}, ${points(name) || "a decision"}`,
          onclick: (e) => show(e, name, rule(name)),
        },
        name,
      ),
    ),
  );
}
