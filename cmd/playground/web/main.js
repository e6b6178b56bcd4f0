// The page loads the engine, and shows the view that the link names.

import { load } from "./engine.js";
import { cite } from "./rules.js";
import { playView } from "./play.js";
import { storiesView } from "./stories.js";
import { findView } from "./find.js";

const byId = (id) => document.getElementById(id);
const views = ["play", "stories", "find"];
const live = byId("announce");
const announce = (text) => {
  live.textContent = text;
};

function theme() {
  const button = byId("theme");
  const all = ["", "light", "dark"];
  const label = { "": "Auto", light: "Light", dark: "Dark" };
  const set = (name) => {
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    button.textContent = label[name];
    button.setAttribute("aria-label", `Theme: ${label[name]}`);
    try {
      name ? localStorage.setItem("theme", name) : localStorage.removeItem("theme");
    } catch {
      /* the choice is not stored */
    }
  };
  button.onclick = () =>
    set(all[(all.indexOf(document.documentElement.dataset.theme ?? "") + 1) % all.length]);
  set(document.documentElement.dataset.theme ?? "");
}

async function begin() {
  theme();
  let engine;
  try {
    engine = await load();
  } catch (error) {
    byId("loading").textContent = `✗ The machines could not be loaded: ${error.message}`;
    byId("loading").setAttribute("role", "alert");
    return;
  }
  cite(engine.cited);
  byId("loading").remove();
  const play = playView(byId("play"), engine, announce);

  function view(name) {
    for (const v of views) byId(v).hidden = v !== name;
    for (const b of document.querySelectorAll("[data-view]")) {
      if (b.dataset.view === name) b.setAttribute("aria-current", "page");
      else b.removeAttribute("aria-current");
    }
  }
  function open(fragment) {
    history.pushState(null, "", `#${fragment}`);
    view("play");
    play.show(fragment);
    scrollTo(0, 0);
  }
  storiesView(byId("stories"), engine.about, open);
  findView(byId("find"), engine, open, announce);

  function route(first) {
    const fragment = location.hash.slice(1);
    if (fragment === "main") return;
    if (views.includes(fragment) && fragment !== "play") return view(fragment);
    view("play");
    play.show(fragment.includes("/") ? fragment : play.fragment(), {
      remember: !first,
      say: !first,
    });
  }
  for (const b of document.querySelectorAll("[data-view]")) {
    b.onclick = () => {
      const name = b.dataset.view;
      history.pushState(null, "", `#${name === "play" ? play.fragment() : name}`);
      view(name);
      announce(`View: ${b.textContent}`);
    };
  }
  byId("skip").onclick = (e) => {
    e.preventDefault();
    byId("main").focus();
  };
  byId("copy").onclick = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      announce("The link is copied.");
      byId("copy").textContent = "✓ Copied";
    } catch {
      announce("The link can’t be copied here: it is in the address bar.");
      byId("copy").textContent = "See the address";
    }
    setTimeout(() => {
      byId("copy").textContent = "Copy link";
    }, 2000);
  };
  addEventListener("hashchange", () => route(false));
  addEventListener("popstate", () => route(false));
  route(true);
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

begin();
