// The panels beside the sequence diagram: calls, incarnations, machines, invariants, and what the
// last step did.

import { breakable, h } from "./dom.js";
import { machine } from "./diagram.js";
import { chips, points, rule, tick } from "./rules.js";

const words = { waits: "waits", done: "✓ done", failed: "✗ error" };

export function calls(frame, step) {
  if (!frame.Calls?.length) return h("p.muted", "No call yet.");
  return h(
    "ul.calls",
    frame.Calls.map((c) =>
      h(
        "li.call-item",
        h(
          "div.call-head",
          h("strong", c.Who),
          h("span", c.What),
          h(
            "span.state",
            { class: { waits: "lit", done: "ok", failed: "bad" }[c.State] },
            words[c.State],
          ),
        ),
        h(
          "div.small.muted",
          breakable(c.Text),
          " ",
          chips(c.Rules),
          c.Rules?.length
            ? ` ${[...new Set(c.Rules.flatMap((r) => rule(r).Spec ?? []))].join(", ")}`
            : "",
        ),
        c.Cancel &&
          step &&
          h(
            "button.small-button",
            { type: "button", "data-key": c.Cancel, onclick: () => step(c.Cancel) },
            "stop waiting",
          ),
      ),
    ),
  );
}

const lives = ["initializing", "ready", "releasing", "released"];

export function incarnations(frame, board) {
  if (board !== "rooms") return null;
  if (!frame.Lives?.length) return h("p.muted", "No name has a room yet.");
  const names = [...new Set(frame.Lives.map((l) => l.Name))].sort();
  return h(
    "ul.names",
    names.map((name) =>
      h(
        "li",
        h("h3", "name ", h("code", name)),
        h(
          "ul.lives",
          frame.Lives.filter((l) => l.Name === name).map((l) =>
            h(
              "li.life",
              h("span.life-number", `#${l.N}`),
              h("span.muted.small", `options ${l.Options}`),
              h(
                "span.track",
                lives.map((s) =>
                  h(
                    "span.state",
                    { class: s === l.Life ? "lit" : "off" },
                    s === l.Life ? `● ${s}` : s,
                  ),
                ),
              ),
              h(
                "span.small.muted",
                [
                  l.Work !== "none" && `backend: ${l.Work}`,
                  l.Leases > 0 && `${l.Leases} open leases`,
                  l.Room && l.Life !== "released" && `room ${l.Room.Status}`,
                ]
                  .filter(Boolean)
                  .join(", "),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

// machines draws the three machines for the chosen incarnation.
export function machines(view, about, chosen, choose) {
  const frame = view.Frames[view.At];
  const before = view.Frames[Math.max(view.At - 1, 0)];
  const [life, status, channel] = about.Machines;
  const all = frame.Lives ?? [];
  const of = all.find((l) => l.N === chosen) ?? all.at(-1);
  const parts = [];
  if (view.Board === "rooms") {
    const tokens = {};
    for (const l of all) (tokens[l.Life] ??= []).push(`#${l.N}`);
    const was = before.Lives?.find((l) => l.N === of?.N)?.Life;
    parts.push(
      machine(life, { title: "Names", lit: Object.keys(tokens), tokens, was, now: of?.Life }),
    );
    if (all.length > 1) {
      parts.push(
        h(
          "div.pick",
          { role: "radiogroup", "aria-label": "Show the room and channel of" },
          all.map((l) =>
            h(
              "label",
              h("input", {
                type: "radio",
                name: "chosen",
                value: l.N,
                checked: l.N === of.N,
                "data-key": `life-${l.N}`,
                onchange: () => choose(l.N),
              }),
              `#${l.N} ${l.Name}`,
            ),
          ),
        ),
      );
    }
  }
  if (view.Board !== "channel") {
    const room = of?.Room;
    const was = before.Lives?.find((l) => l.N === of?.N)?.Room?.Status;
    parts.push(
      machine(status, {
        title: of ? `Room ${view.Board === "rooms" ? `#${of.N}` : ""} status` : "Room status",
        lit: room ? [room.Status] : [],
        was,
        now: room?.Status,
      }),
    );
    if (room) {
      parts.push(
        h(
          "p.small.muted",
          [
            room.Operation || "no operation runs",
            room.Waiting?.length && `waiting: ${room.Waiting.join(", ")}`,
            room.Err > 0 && `error ${room.Err}`,
            room.Once && "was attached",
            room.Explicit && "detached by a call",
          ]
            .filter(Boolean)
            .join("; "),
        ),
      );
    }
  }
  const find = (f) => f.Channels?.find((c) => view.Board !== "rooms" || c.Name === of?.Name);
  const ch = find(frame);
  parts.push(
    machine(channel, {
      title: view.Board === "rooms" && ch ? `Channel ${ch.Name}` : "Channel",
      lit: ch ? [ch.State] : [],
      was: find(before)?.State,
      now: ch?.State,
    }),
  );
  if (ch && view.Board !== "room") {
    parts.push(
      h(
        "p.small.muted",
        [
          frame.Connection && `connection ${frame.Connection}`,
          ch.Wire && `on the wire: ${ch.Wire}`,
          ...(ch.Flags ?? []),
        ]
          .filter(Boolean)
          .join("; "),
      ),
    );
  }
  return parts;
}

const onBoard = {
  rooms: ["Rooms", "Leases", "Room", "Channel"],
  room: ["Room"],
  channel: ["Channel"],
};

// invariants lists the properties, and marks each as holding or failing.
export function invariants(view, about, frame, open, toggle) {
  const list = view.Fault ? ["Rooms"] : onBoard[view.Board];
  const broken = new Map((frame.Broken ?? []).map((b) => [`${b.Machine}.${b.Name}`, b.Why]));
  return list.map((m) => {
    const names = about.Properties[m];
    const bad = names.filter((n) => broken.has(`${m}.${n}`));
    const key = `${view.Fault ? frame.key : ""}${m}`;
    return h(
      "details.invariants",
      { open: bad.length > 0 || open.has(key), ontoggle: (e) => toggle(key, e.target.open) },
      h(
        "summary",
        { "data-key": `inv-${key}` },
        h("span", m),
        bad.length
          ? h("span.state.bad", `✗ ${bad.length} of ${names.length} fail`)
          : h("span.state.ok", `✓ all ${names.length} hold`),
      ),
      bad.length > 0 &&
        h(
          "ul.fails",
          bad.map((n) => h("li", tick(m, n, "✗"), h("span.small", broken.get(`${m}.${n}`)))),
        ),
      h(
        "ul.ticks",
        names.filter((n) => !bad.includes(n)).map((n) => h("li", tick(m, n, "✓"))),
      ),
    );
  });
}

// did lists what each core did in the last step, with the rules that the step follows.
export function did(frame) {
  if (frame.Refused)
    return h(
      "p",
      "✗ This can’t happen here: ",
      frame.Refused,
      ". The cores refuse it, and nothing changes.",
    );
  if (frame.Differs)
    return h("p.differs", "✗ A core differs from its model: ", frame.Differs);
  if (!frame.Turns?.length) return h("p.muted", "The beginning: no call, no room.");
  return h(
    "ol.turns",
    frame.Turns.map((t) =>
      h(
        "li",
        h("div", h("strong", t.Machine), t.Of ? ` ${t.Of}` : "", " gets ", h("code", t.Input)),
        h(
          "div.small",
          t.Outputs?.length ? ["outputs ", h("code", t.Outputs.join(", "))] : "no outputs",
        ),
        h(
          "ul.cites",
          (t.Why ?? []).map((r) =>
            h(
              "li.small",
              chips([r]),
              " ",
              h("span.muted", [points(r), rule(r).Says].filter(Boolean).join(" – ")),
            ),
          ),
        ),
        t.Rules?.length > t.Why?.length &&
          h(
            "div.small.muted",
            "also, as in most steps: ",
            chips(t.Rules.filter((r) => !t.Why.includes(r))),
          ),
      ),
    ),
  );
}
