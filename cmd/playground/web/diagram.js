// Draws the state machines: every state, the arrows of the definition, and the arrow of the last
// step. The present state is highlighted. It also has a mark, and the caption names it, so that no
// information depends on colour alone.

import { h, svg } from "./dom.js";

const H = 26;
const six = {
  initialized: [60, 30],
  attaching: [190, 30],
  attached: [320, 30],
  detached: [60, 104],
  detaching: [190, 104],
  suspended: [320, 104],
  failed: [190, 168],
};
const any =
  (...events) =>
  (t) =>
    events.includes(t.Event);
const layouts = {
  "room lifecycle": {
    size: [380, 122],
    width: 100,
    bend: 7,
    skip: () => false,
    at: { initializing: [60, 34], ready: [190, 34], releasing: [320, 34], released: [190, 96] },
    notes: [],
  },
  "room status": {
    size: [380, 262],
    width: 100,
    bend: 7,
    skip: (t) => t.Event.startsWith("channel") || t.Event === "release" || t.Event === "finish",
    at: { ...six, releasing: [110, 242], released: [270, 242] },
    box: [4, 8, 372, 186],
    extra: [
      [[110, 194], [110, 228], "release"],
      [[270, 194], [270, 228], "finish"],
      [[161, 242], [219, 242], ""],
    ],
    notes: [[366, 184, "end", "follows its channel"]],
  },
  "channel state": {
    size: [380, 186],
    width: 100,
    bend: 7,
    skip: any("fail", "reset"),
    at: six,
    notes: [
      [10, 164, "start", "reset:"],
      [10, 179, "start", "any → initialized"],
      [370, 164, "end", "error:"],
      [370, 179, "end", "any → failed"],
    ],
  },
};

// edge returns the path between two states, from border to border. It bends a little to the right,
// so that arrows in opposite directions don't overlap.
function edge(a, b, width, bends) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = Math.hypot(dx, dy) || 1;
  const [nx, ny] = [-dy / length, dx / length];
  const bend = Math.min(30, length / bends);
  const mid = [(a[0] + b[0]) / 2 + nx * bend, (a[1] + b[1]) / 2 + ny * bend];
  const border = (from, to) => {
    const [x, y] = [to[0] - from[0], to[1] - from[1]];
    const t = Math.min(
      Math.abs((width / 2 + 1) / (x || 1e-6)),
      Math.abs((H / 2 + 1) / (y || 1e-6)),
    );
    return [from[0] + x * t, from[1] + y * t];
  };
  const [p, q] = [border(a, mid), border(b, mid)];
  return { path: `M${p.map(round)} Q${mid.map(round)} ${q.map(round)}`, mid, end: q, from: mid };
}
const round = (n) => Math.round(n * 10) / 10;

function head([x, y], from) {
  const angle = Math.atan2(y - from[1], x - from[0]);
  const point = (d, r) =>
    `${round(x - Math.cos(angle + d) * r)},${round(y - Math.sin(angle + d) * r)}`;
  return `${round(x)},${round(y)} ${point(0.42, 7)} ${point(-0.42, 7)}`;
}

// machine draws one machine. lit has the names of the states to highlight, and tokens the texts
// below a state, such as "#1". was and now are the states before and after the last step.
export function machine(definition, { title, lit, was, now, tokens }) {
  const { size, at, width, bend, skip, box, extra = [], notes } = layouts[definition.Name];
  const arrow = (path, tip, from, classes) =>
    svg(
      `g.edge${classes ?? ""}`,
      svg("path", { d: path }),
      svg("polygon", { points: head(tip, from) }),
    );
  const drawn = new Set();
  const arrows = [];
  for (const t of definition.Transitions) {
    const key = `${t.From} ${t.To}`;
    if (t.From === t.To || skip(t) || drawn.has(key)) continue;
    drawn.add(key);
    const e = edge(at[t.From], at[t.To], width, bend);
    arrows.push(arrow(e.path, e.end, e.from));
  }
  for (const [from, to, label] of extra) {
    arrows.push(
      arrow(`M${from} L${to}`, to, from),
      svg("text.note", { x: to[0] + 8, y: from[1] + 20 }, label),
    );
  }
  let last = null;
  if (was && now && was !== now && at[was] && at[now]) {
    const e = edge(at[was], at[now], width, bend);
    last = arrow(e.path, e.end, e.from, ".last");
  }
  const nodes = definition.States.map((name) => {
    const [x, y] = at[name];
    const on = lit.includes(name);
    const mine = tokens?.[name] ?? [];
    return svg(
      `g.node${on ? ".lit" : ""}`,
      svg("rect", { x: x - width / 2, y: y - H / 2, width, height: H, rx: 8 }),
      on && svg("circle.mark", { cx: x - width / 2 + 9, cy: y, r: 3.5 }),
      svg("text", { x: x + (on ? 6 : 0), y: y + 4.5 }, name),
      mine.length > 0 && svg("text.tokens", { x, y: y + H / 2 + 16 }, mine.join(" ")),
    );
  });
  const caption = `${title}: ${lit.length ? lit.join(", ") : "none yet"}`;
  return h(
    "figure.machine",
    h("figcaption", h("span", title), h("span.muted", lit.length ? lit.join(", ") : "none yet")),
    svg(
      "svg",
      { viewBox: `0 0 ${size[0]} ${size[1]}`, role: "img", "aria-label": caption },
      box && svg("rect.frame", { x: box[0], y: box[1], width: box[2], height: box[3], rx: 12 }),
      notes.map(([x, y, anchor, text]) => svg("text.note", { x, y, "text-anchor": anchor }, text)),
      arrows,
      last,
      nodes,
    ),
  );
}
