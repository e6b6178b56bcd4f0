// The view Stories: faults that SDKs have had. A story plays the same script on a right registry
// and on one with the fault.

import { h, replace } from "./dom.js";
import { chips, points } from "./rules.js";

export function storiesView(root, about, open) {
  const stories = about.Faults.filter((f) => f.Story);
  replace(
    root,
    h(
      "div.intro",
      h("h2", "Twelve faults of room registries"),
      h(
        "p.muted",
        "Each of these was a fault of a registry of rooms, or of an SDK. A story plays one script on the core that this library ships and on a registry with the fault, side by side, and shows where they differ.",
      ),
    ),
    h(
      "ol.stories",
      stories.map((f) =>
        h(
          "li.card",
          h("h3", f.Name),
          h("p", f.Says),
          h("p.muted.small", f.Harm),
          h(
            "div.story-foot",
            h(
              "span.small",
              "breaks ",
              chips([`R${f.Rule}`]),
              " ",
              h("span.muted", points(`R${f.Rule}`)),
            ),
            h(
              "button.primary",
              {
                type: "button",
                "data-key": `story-${f.ID}`,
                "data-story": f.ID,
                "aria-label": `Open the story: ${f.Name}`,
                onclick: () => open(`rooms!${f.ID}@0/${f.Story}`),
              },
              "Open",
            ),
          ),
        ),
      ),
    ),
  );
}
