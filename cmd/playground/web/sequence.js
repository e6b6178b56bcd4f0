// Draws the sequence diagram, a growing list of steps: the messages between callers, rooms and the
// backend. With a fault there are two diagrams, side by side.

import { breakable, h } from "./dom.js";
import { chips } from "./rules.js";

const names = {
  rooms: ["callers", "rooms", "backend"],
  room: ["callers", "room", "channel"],
  channel: ["callers", "channel", "server"],
};

export const lanes = (board) => names[board] ?? names.rooms;

function line(l, board) {
  const [from, to] = [lanes(board)[l.From], lanes(board)[l.To]];
  if (l.Kind === "note") return h("div.line.note", h("span.text", l.Text), chips(l.Rules));
  const [low, high] = [Math.min(l.From, l.To), Math.max(l.From, l.To)];
  return h(
    `div.line.arrow.l${low}${high}.${l.From < l.To ? "right" : "left"}.${l.Kind}`,
    h("span.hidden-text", `${from} to ${to}: `),
    h("span.text", breakable(l.Text), " ", chips(l.Rules)),
    h("span.shaft", { "aria-hidden": "true" }),
  );
}

function half(side, board, name, refused) {
  return h(
    "div.half",
    name && h("div.half-name", name),
    refused && h("div.line.note.refused", h("span.text", `✗ can’t happen: ${refused}`)),
    (side.Lines ?? []).map((l) => line(l, board)),
    !refused && !(side.Lines ?? []).length && h("div.line.note.quiet", h("span.text", "nothing happens")),
  );
}

export function sequence(view, go) {
  const two = Boolean(view.Fault);
  const steps = view.Frames.slice(1).map((frame, i) => {
    const n = i + 1;
    const parts = two && frame.Parted && !view.Frames[i].Parted;
    return h(
      "li.step",
      {
        class: [n > view.At && "later", n === view.At && "now", parts && "parts"]
          .filter(Boolean)
          .join(" "),
        "data-step": n,
      },
      h(
        "div.step-head",
        h(
          "button.step-button",
          {
            type: "button",
            "data-key": `step-${n}`,
            onclick: () => go(n),
            "aria-current": n === view.At ? "step" : undefined,
          },
          h("span.step-number", String(n)),
          h("code", frame.Step),
        ),
        parts && h("span.state.bad", "✗ here they differ"),
      ),
      h(
        "div.halves",
        half(frame, view.Board, two && "right", frame.Refused),
        two && half(frame.Faulty, view.Board, "with the fault", frame.Faulty.Refused),
      ),
    );
  });
  return [
    h(
      `div.lanes${two ? ".two" : ""}`,
      { "aria-hidden": "true" },
      (two ? ["right: the library’s core", "with the fault"] : [""]).map((side) =>
        h(
          "div.lane",
          side && h("div.lane-title", side),
          h(
            "div.lane-names",
            lanes(view.Board).map((name) => h("span", name)),
          ),
        ),
      ),
    ),
    steps.length
      ? h(`ol.steps${two ? ".two" : ""}`, steps)
      : h(
          "p.empty.muted",
          "Nothing has happened yet. Begin a call: each click adds a step to the diagram.",
        ),
  ];
}
