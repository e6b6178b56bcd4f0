// Searches for a script in a worker, outside the page's thread. To cancel, the page ends the
// worker.

import { start } from "./engine.js";

onmessage = async ({ data }) => {
  try {
    const engine = await start(data.module);
    let last = 0;
    const found = engine.find(data.search, (states, depth) => {
      if (Date.now() - last > 100) {
        last = Date.now();
        postMessage({ progress: { states, depth } });
      }
    });
    postMessage({ found });
  } catch (error) {
    postMessage({ error: String(error.message ?? error) });
  }
};
