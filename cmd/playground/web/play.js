// The view Play: the controls, the sequence diagram, and the state after each step.

import { h, replace, svg } from "./dom.js";
import { sequence } from "./sequence.js";
import * as panels from "./panels.js";
import { add, join, split } from "./script.js";

const groups = {
  call: "Calls",
  wait: "Callers",
  backend: "The backend ends its work",
  room: "A room",
  server: "The server and timers",
  connection: "The connection",
  event: "The channel’s events",
  end: "Operations and timers end",
};
const boards = {
  rooms: "rooms and channels",
  room: "one room, any channel",
  channel: "one channel, any server",
};
const callers = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gita", "Hugo", "Ines", "Jon"];

// icon draws the symbols of the step buttons, which fonts may lack.
const icon = (back, bar) =>
  svg(
    "svg",
    { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true", class: "icon" },
    svg("path", { d: back ? "M11 2 4 8l7 6z" : "M5 2l7 6-7 6z" }),
    bar && svg("path", { d: back ? "M2 2h2v12H2z" : "M12 2h2v12h-2z" }),
  );

export function playView(root, engine, announce) {
  const state = {
    view: null,
    past: [],
    future: [],
    chosen: 0,
    caller: "",
    name: "a",
    options: "x",
    open: new Set(["Rooms"]),
  };
  const parts = Object.fromEntries(
    [
      "story",
      "controls",
      "calls",
      "toolbar",
      "sequence",
      "did",
      "machines",
      "lives",
      "invariants",
    ].map((n) => [n, h(`div.part-${n}`)]),
  );
  const card = (title, ...content) =>
    h("section.card", { "aria-label": title }, h("h2", title), content);
  root.append(
    parts.story,
    h(
      "div.play-grid",
      h("div.col.left", card("What happens next", parts.controls), card("Calls", parts.calls)),
      h(
        "div.col.middle",
        h("section.card", { "aria-label": "Sequence diagram" }, parts.toolbar, parts.sequence),
        card("What this step did", parts.did),
      ),
      h(
        "div.col.right",
        card("The machines", parts.machines),
        parts.lives,
        card("Invariants", parts.invariants),
      ),
    ),
  );

  // show plays a fragment. With remember, undo returns to the fragment before it.
  function show(fragment, { remember = true, say = true } = {}) {
    const view = engine.run(fragment);
    if (view.Error) {
      announce(`The link can’t be read: ${view.Error}`);
      if (!state.view) show("rooms/", { remember: false, say: false });
      replace(
        parts.story,
        h("p.card.differs", { role: "alert" }, `✗ The link can’t be read: ${view.Error}`),
      );
      return;
    }
    if (remember && state.view && state.view.Fragment !== view.Fragment) {
      state.past.push(state.view.Fragment);
      state.future = [];
    }
    const board = state.view?.Board !== view.Board;
    state.view = view;
    if (board) state.chosen = 0;
    history.replaceState(null, "", `#${view.Fragment}`);
    draw();
    if (say) announce(said());
  }

  // said returns the description of the present step for screen readers.
  function said() {
    const { view } = state;
    const frame = view.Frames[view.At];
    if (view.At === 0) return "The beginning. Nothing has happened.";
    const lines = [
      `Step ${view.At} of ${view.Frames.length - 1}: ${frame.Caller ? `${frame.Caller}: ` : ""}${frame.Title || frame.Step}.`,
    ];
    if (frame.Refused) lines.push(`It can’t happen: ${frame.Refused}.`);
    for (const l of frame.Lines ?? [])
      if (l.Kind !== "call" && l.Kind !== "end")
        lines.push(`${l.Text}${l.Rules?.length ? `, by ${l.Rules.join(", ")}` : ""}.`);
    if (view.Fault && frame.Parted)
      lines.push("The registry with the fault has differed from the right one.");
    return lines.join(" ");
  }

  const step = (text) => show(add(state.view.Fragment, text));
  const go = (at) => show(join({ ...split(state.view.Fragment), at }));
  const undo = () => move(state.past, state.future);
  const redo = () => move(state.future, state.past);

  function move(from, to) {
    if (!from.length) return;
    to.push(state.view.Fragment);
    show(from.pop(), { remember: false });
  }

  function select(label, value, options, set) {
    const id = `choose-${label}`;
    return h(
      "span.field",
      h("label", { for: id }, label),
      h(
        "select",
        { id, "data-key": id, onchange: (e) => set(e.target.value) },
        options.map(([v, text]) => h("option", { value: v, selected: v === value }, text)),
      ),
    );
  }

  function controls() {
    const { view } = state;
    const n = view.NextCall;
    const by = state.caller ? `${state.caller}.` : "";
    const call = (text) => () => step(by + text);
    const button = (label, text) =>
      h("button", { type: "button", "data-key": label, onclick: call(text) }, label);
    const used = new Set(view.Frames.flatMap((f) => (f.Calls ?? []).map((c) => c.Who)));
    const who = [["", "new"], ...[...new Set([...callers, ...used])].map((c) => [c, c])];
    const list = Object.entries(groups).map(([group, title]) => {
      const choices = (view.Choices ?? []).filter((c) => c.Group === group);
      return (
        choices.length > 0 &&
        h(
          "fieldset.group",
          h("legend", title),
          h(
            "div.choices",
            choices.map((c) =>
              h(
                "button",
                {
                  type: "button",
                  "data-key": c.Step,
                  onclick: () => step((c.Calls ? by : "") + c.Step),
                },
                c.Label,
              ),
            ),
          ),
        )
      );
    });
    replace(
      parts.controls,
      h(
        "div.fields",
        select("board", view.Board, Object.entries(boards), (b) => {
          show(`${b}/`);
        }),
      ),
      h(
        "div.fields.who",
        select("caller", state.caller, who, (v) => {
          state.caller = v;
          controls();
        }),
        view.Board === "rooms" &&
          select(
            "name",
            state.name,
            [
              ["a", "a"],
              ["b", "b"],
              ["c", "c"],
            ],
            (v) => {
              state.name = v;
              controls();
            },
          ),
        view.Board === "rooms" &&
          select(
            "options",
            state.options,
            [
              ["x", "x"],
              ["y", "y"],
            ],
            (v) => {
              state.options = v;
              controls();
            },
          ),
      ),
      view.Board === "rooms" &&
        h(
          "fieldset.group",
          h("legend", "Calls"),
          h(
            "div.choices",
            button("get", `get(${n},${state.name},${state.options})`),
            !view.Fault && button("acquire", `acquire(${n},${state.name},${state.options})`),
            button("release", `release(${n},${state.name})`),
            button("dispose", `dispose(${n})`),
          ),
        ),
      list,
      !list.some(Boolean) && h("p.small.muted", "Nothing can happen by itself now. Begin a call."),
    );
  }

  function toolbar() {
    const { view } = state;
    const total = view.Frames.length - 1;
    const tool = (label, sign, act, off) =>
      h(
        "button",
        {
          type: "button",
          "data-key": label,
          "aria-label": label,
          title: label,
          onclick: act,
          disabled: off,
        },
        sign,
      );
    replace(
      parts.toolbar,
      h(
        "div.toolbar",
        { role: "group", "aria-label": "Steps" },
        h(
          "span.tool-group",
          h(
            "button",
            { type: "button", "data-key": "undo", onclick: undo, disabled: !state.past.length },
            "Undo",
          ),
          h(
            "button",
            { type: "button", "data-key": "redo", onclick: redo, disabled: !state.future.length },
            "Redo",
          ),
          h(
            "button",
            {
              type: "button",
              "data-key": "clear",
              onclick: () => show(`${view.Board}/`),
              disabled: !total && !view.Fault,
            },
            "Clear",
          ),
        ),
        h(
          "span.tool-group",
          tool("to the beginning", icon(true, true), () => go(0), view.At === 0),
          tool("one step back", icon(true), () => go(view.At - 1), view.At === 0),
          h("span.position", `step ${view.At} of ${total}`),
          tool("one step forward", icon(false), () => go(view.At + 1), view.At === total),
          tool("to the end", icon(false, true), () => go(total), view.At === total),
        ),
      ),
    );
  }

  function draw() {
    const { view } = state;
    const frame = view.Frames[view.At];
    root.classList.toggle("compare", Boolean(view.Fault));
    story();
    controls();
    toolbar();
    replace(parts.sequence, sequence(view, go));
    follow();
    const label = (text) => view.Fault && h("h3.half-name", text);
    replace(
      parts.calls,
      label("right"),
      panels.calls(frame, step),
      view.Fault && [label("with the fault"), panels.calls(frame.Faulty)],
    );
    replace(parts.did, panels.did(frame));
    replace(
      parts.machines,
      panels.machines(view, engine.about, state.chosen, (n) => {
        state.chosen = n;
        draw();
      }),
    );
    const lives = panels.incarnations(frame, view.Board);
    replace(
      parts.lives,
      lives &&
        h(
          "section.card",
          { "aria-label": "Incarnations" },
          h("h2", "Incarnations"),
          label("right"),
          lives,
          view.Fault && [label("with the fault"), panels.incarnations(frame.Faulty, view.Board)],
        ),
    );
    const toggle = (key, open) => (open ? state.open.add(key) : state.open.delete(key));
    const ticks = (f, key) =>
      panels.invariants(view, engine.about, { ...f, key }, state.open, toggle);
    replace(
      parts.invariants,
      label("right"),
      ticks(frame, "right"),
      view.Fault && [label("with the fault"), ticks(frame.Faulty, "fault")],
    );
  }

  // follow scrolls the diagram, if it has a scroll bar of its own, so that the present step is
  // visible.
  function follow() {
    const box = parts.sequence;
    const now = box.querySelector(".step.now");
    if (!now || box.scrollHeight <= box.clientHeight) return;
    const top = now.offsetTop; // from the top of the box
    const bottom = top + now.offsetHeight;
    const heads = box.querySelector(".lanes").offsetHeight; // they don't scroll
    if (top < box.scrollTop + heads) box.scrollTop = top - heads;
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
  }

  function story() {
    const { view } = state;
    const fault = view.Fault && engine.about.Faults.find((f) => f.ID === view.Fault);
    if (!fault) return replace(parts.story);
    const parted = view.Frames.findIndex((f) => f.Parted);
    const shown = parted > 0 && parted <= view.At;
    const stories = engine.about.Faults.filter((f) => f.Story);
    const next = stories[stories.indexOf(fault) + 1];
    replace(
      parts.story,
      h(
        "section.card.story",
        { "aria-label": "Story" },
        h("h2", fault.Name),
        h("p", fault.Says, " ", fault.Harm),
        h(
          "p.small",
          shown
            ? h("span.state.bad", "✗ they differ")
            : h("span.state.ok", "✓ both do the same so far"),
          " ",
          parted > 0
            ? h("span.muted", shown ? `in step ${parted}` : `they differ in step ${parted}`)
            : "",
        ),
        h(
          "div.story-buttons",
          parted > 0 &&
            h(
              "button",
              { type: "button", "data-key": "parts", onclick: () => go(parted) },
              "Go to the difference",
            ),
          next &&
            h(
              "button",
              {
                type: "button",
                "data-key": "next-story",
                onclick: () => show(`rooms!${next.ID}@0/${next.Story}`),
              },
              "Next story",
            ),
        ),
      ),
    );
  }

  addEventListener("keydown", (e) => {
    if (root.hidden || e.altKey || e.target.closest?.("select, input, textarea")) return;
    const mod = e.ctrlKey || e.metaKey;
    const total = state.view ? state.view.Frames.length - 1 : 0;
    if (mod && e.key.toLowerCase() === "z") (e.shiftKey ? redo : undo)();
    else if (mod && e.key.toLowerCase() === "y") redo();
    else if (!mod && e.key === "ArrowLeft" && state.view?.At > 0) go(state.view.At - 1);
    else if (!mod && e.key === "ArrowRight" && state.view?.At < total) go(state.view.At + 1);
    else return;
    e.preventDefault();
  });

  return { show, fragment: () => state.view?.Fragment ?? "rooms/" };
}
