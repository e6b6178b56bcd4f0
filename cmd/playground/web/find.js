// Finds a shortest script that shows a fault. The explorer runs in a worker; to cancel, the worker
// is ended.

import { h, replace } from "./dom.js";
import { chips, property } from "./rules.js";

export function findView(root, engine, open, announce) {
  const { about } = engine;
  let worker = null;
  const form = { Fault: about.Faults[0].ID, Property: "", Calls: 4, Names: 1, Options: 1 };
  const fault = () => about.Faults.find((f) => f.ID === form.Fault);
  const out = h("div.find-out", { "aria-live": "polite" });
  const fields = h("div.card.find-form");

  const choose = (label, id, options, value, set) =>
    h(
      "span.field",
      h("label", { for: id }, label),
      h(
        "select",
        {
          id,
          "data-key": id,
          onchange: (e) => {
            set(e.target.value);
            draw();
          },
        },
        options.map(([v, t]) =>
          h("option", { value: v, selected: String(v) === String(value) }, t),
        ),
      ),
    );
  const range = (from, to) =>
    Array.from({ length: to - from + 1 }, (_, i) => [from + i, String(from + i)]);

  function draw() {
    const f = fault();
    replace(
      fields,
      h("h2", "Find a shortest script"),
      h(
        "p.muted",
        "Choose a fault. The explorer tries every order of calls and answers, the shortest first, until one shows the fault.",
      ),
      choose(
        "the broken rule",
        "find-fault",
        about.Faults.map((x) => [x.ID, `R${x.Rule}: ${x.Name}`]),
        form.Fault,
        (v) => {
          form.Fault = v;
          Object.assign(form, fault().Bounds);
        },
      ),
      h("p.small", f.Says, " ", chips([`R${f.Rule}`])),
      choose(
        "until",
        "find-property",
        [
          ["", "it differs from the rules"],
          ...about.Properties.Rooms.map((n) => [n, `${n} fails`]),
        ],
        form.Property,
        (v) => {
          form.Property = v;
        },
      ),
      form.Property && h("p.small.muted", property("Rooms", form.Property).Says),
      h(
        "div.fields",
        choose("calls", "find-calls", range(1, 6), form.Calls, (v) => {
          form.Calls = Number(v);
        }),
        choose("names", "find-names", range(1, 2), form.Names, (v) => {
          form.Names = Number(v);
        }),
        choose("options", "find-options", range(1, 2), form.Options, (v) => {
          form.Options = Number(v);
        }),
      ),
      h(
        "div.fields",
        h(
          "button.primary",
          {
            type: "button",
            "data-key": "find-start",
            id: "find-start",
            onclick: start,
            disabled: Boolean(worker),
          },
          "Find it for me",
        ),
        h(
          "button",
          {
            type: "button",
            "data-key": "find-cancel",
            id: "find-cancel",
            onclick: () => stop("Cancelled."),
            disabled: !worker,
          },
          "Cancel",
        ),
      ),
    );
  }

  function stop(text) {
    worker?.terminate();
    worker = null;
    if (text) replace(out, h("p.card", text));
    draw();
  }

  const progress = h("p.card", { role: "status" });
  function start() {
    worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    const began = performance.now();
    const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
    progress.textContent = "Searching …";
    replace(out, progress);
    worker.onerror = (e) => stop(`✗ The search ended: ${e.message}`);
    worker.onmessage = ({ data }) => {
      if (data.progress) {
        progress.textContent = `Searching … ${data.progress.states.toLocaleString("en")} states, ${data.progress.depth} steps deep, ${seconds()}`;
        return;
      }
      if (data.error) return stop(`✗ The search ended: ${data.error}`);
      const { Fragment, States, Why } = data.found;
      stop();
      const looked = `${States.toLocaleString("en")} states, ${seconds()}`;
      if (!Fragment) {
        replace(
          out,
          h(
            "p.card",
            { id: "find-none" },
            `No script was found within these bounds (${looked}). Allow more calls, names or options.`,
          ),
        );
        return;
      }
      const steps = Fragment.slice(Fragment.indexOf("/") + 1).split(";");
      replace(
        out,
        h(
          "section.card.found",
          { "aria-label": "Found" },
          h("h2", `A shortest script has ${steps.length} steps`),
          h("p.small.muted", looked),
          h(
            "ol.script",
            steps.map((s) => h("li", h("code", s))),
          ),
          h("p", Why),
          h(
            "button.primary",
            { type: "button", id: "find-open", onclick: () => open(Fragment) },
            "Open it side by side",
          ),
        ),
      );
      announce(`Found a script of ${steps.length} steps.`);
    };
    worker.postMessage({
      module: engine.module,
      search: {
        Fault: form.Fault,
        Property: form.Property,
        Bounds: { Calls: form.Calls, Names: form.Names, Options: form.Options },
      },
    });
    draw();
    root.querySelector("#find-cancel")?.focus();
  }

  Object.assign(form, fault().Bounds);
  replace(out, h("p.card.muted", "The result will appear here, with a button that opens it."));
  draw();
  replace(root, h("div.find-grid", fields, out));
}
