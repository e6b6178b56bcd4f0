// Draws the machines: every state, the arrows of the definition, the present state lit, and the last
// step's arrow. What is lit bears a mark and is named in the caption, so that colour tells nothing
// alone.

import { h, svg } from "./dom.js";

const W = 100, H = 26;
const six = {
  initialized: [60, 30], attaching: [190, 30], attached: [320, 30],
  detached: [60, 100], detaching: [190, 100], suspended: [320, 100], failed: [190, 160],
};
const layouts = {
  "room lifecycle": { size: [380, 92], at: { initializing: [60, 26], ready: [190, 26], releasing: [320, 26], released: [320, 74] } },
  "room status": { size: [380, 236], at: { ...six, releasing: [125, 216], released: [255, 216] },
    frame: { box: [4, 8, 372, 172], label: "follows its channel" } },
  "channel state": { size: [380, 182], at: six },
};

// edge returns the path between two states, from border to border, bent a little to the right, so that
// two opposite arrows are two lines.
function edge(a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = Math.hypot(dx, dy) || 1;
  const [nx, ny] = [-dy / length, dx / length];
  const bend = Math.min(26, length / 7);
  const mid = [(a[0] + b[0]) / 2 + nx * bend, (a[1] + b[1]) / 2 + ny * bend];
  const border = (from, to) => {
    const [x, y] = [to[0] - from[0], to[1] - from[1]];
    const t = Math.min(Math.abs((W / 2 + 1) / (x || 1e-6)), Math.abs((H / 2 + 1) / (y || 1e-6)));
    return [from[0] + x * t, from[1] + y * t];
  };
  const [p, q] = [border(a, mid), border(b, mid)];
  return { path: `M${p.map(round)} Q${mid.map(round)} ${q.map(round)}`, mid, end: q, from: mid };
}
const round = (n) => Math.round(n * 10) / 10;

function head([x, y], from) {
  const angle = Math.atan2(y - from[1], x - from[0]);
  const point = (d, r) => `${round(x - Math.cos(angle + d) * r)},${round(y - Math.sin(angle + d) * r)}`;
  return `${round(x)},${round(y)} ${point(0.42, 7)} ${point(-0.42, 7)}`;
}

// machine draws one machine. lit has the states that hold now, each with the names of what is in it;
// was is the state before the last step.
export function machine(definition, { title, lit, was, now, tokens }) {
  const { size, at, frame } = layouts[definition.Name];
  const drawn = new Set();
  const arrows = [];
  const follows = (t) => frame && t.Event.startsWith("channel");
  for (const t of definition.Transitions) {
    const key = `${t.From} ${t.To}`;
    if (t.From === t.To || follows(t) || drawn.has(key)) continue;
    drawn.add(key);
    const e = edge(at[t.From], at[t.To]);
    arrows.push(svg("g.edge", svg("path", { d: e.path }), svg("polygon", { points: head(e.end, e.from) })));
  }
  let last = null;
  if (was && now && was !== now && at[was] && at[now]) {
    const e = edge(at[was], at[now]);
    last = svg("g.edge.last", svg("path", { d: e.path }), svg("polygon", { points: head(e.end, e.from) }));
  }
  const nodes = definition.States.map((name) => {
    const [x, y] = at[name];
    const on = lit.includes(name);
    const mine = tokens?.[name] ?? [];
    return svg(`g.node${on ? ".lit" : ""}`,
      svg("rect", { x: x - W / 2, y: y - H / 2, width: W, height: H, rx: 8 }),
      on && svg("circle.mark", { cx: x - W / 2 + 11, cy: y, r: 3.5 }),
      svg("text", { x: x + (on ? 6 : 0), y: y + 4 }, name),
      mine.length > 0 && svg("text.tokens", { x, y: y + H / 2 + 13 }, mine.join(" ")));
  });
  const caption = `${title}: ${lit.length ? lit.join(", ") : "none yet"}`;
  return h("figure.machine",
    h("figcaption", h("span", title), h("span.muted", lit.length ? lit.join(", ") : "none yet")),
    svg("svg", { viewBox: `0 0 ${size[0]} ${size[1]}`, role: "img", "aria-label": caption },
      frame && svg("rect.frame", { x: frame.box[0], y: frame.box[1], width: frame.box[2], height: frame.box[3], rx: 12 }),
      frame && svg("text.frame-label", { x: frame.box[0] + frame.box[2] - 10, y: frame.box[1] + frame.box[3] - 8 }, frame.label),
      arrows, last, nodes));
}
