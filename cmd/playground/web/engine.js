// Runs the engine: the cores and models, compiled to WebAssembly. It is fetched and compiled once; the
// worker that searches gets the compiled module.

const base = new URL(".", import.meta.url);

async function compile() {
  const response = await fetch(new URL("engine.bin", base));
  if (!response.ok) throw new Error(`engine.bin: ${response.status} ${response.statusText}`);
  let bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) { // unless the host has decompressed it
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  }
  return WebAssembly.compile(bytes);
}

export async function start(module) {
  await import(new URL("wasm_exec.js", base));
  const go = new globalThis.Go();
  go.run(await WebAssembly.instantiate(module, go.importObject));
  const call = (name, ...args) => {
    const result = JSON.parse(globalThis.playground[name](...args));
    if (result.Error && name !== "run") throw new Error(result.Error);
    return result;
  };
  return {
    facts: () => call("facts"),
    run: (fragment) => call("run", fragment),
    find: (search, told) => call("find", JSON.stringify(search), told),
  };
}

export async function load() {
  const [module, cited] = await Promise.all([
    compile(),
    fetch(new URL("facts.json", base)).then((r) => r.json()),
  ]);
  const engine = await start(module);
  return { ...engine, module, cited, about: engine.facts() };
}
