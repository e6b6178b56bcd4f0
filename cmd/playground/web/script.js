// Splits a link's fragment into its steps, to add and choose steps. The engine parses it in full.

export function split(fragment) {
  const slash = fragment.indexOf("/");
  const [head] = fragment.slice(0, slash).split("@");
  const [board, fault = ""] = head.split("!");
  const at = fragment.slice(0, slash).split("@")[1];
  const steps = fragment
    .slice(slash + 1)
    .split(";")
    .filter(Boolean);
  return { board, fault, at: at === undefined ? steps.length : Number(at), steps };
}

export function join({ board, fault, at, steps }) {
  const position = at < steps.length ? `@${at}` : "";
  return `${board}${fault ? `!${fault}` : ""}${position}/${steps.join(";")}`;
}

// add adds a step after the present one, and drops the later steps.
export function add(fragment, step) {
  const s = split(fragment);
  const steps = [...s.steps.slice(0, s.at), step];
  return join({ ...s, steps, at: steps.length });
}
