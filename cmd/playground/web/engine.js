// Runs the engine: the cores and models, compiled to WebAssembly. The page fetches and compiles it
// once, and passes the compiled module to the worker that searches.

const base = new URL(".", import.meta.url);

async function compile() {
  const response = await fetch(new URL("engine.bin", base));
  if (!response.ok) throw new Error(`engine.bin: ${response.status} ${response.statusText}`);
  const reader = response.body.getReader();
  let { value: first, done } = await reader.read();
  if (done) throw new Error("engine.bin is empty");
  const packed = first[0] === 0x1f && first[1] === 0x8b; // false if the host has decompressed it
  const bytes = new ReadableStream({
    async pull(stream) {
      if (first) {
        stream.enqueue(first);
        first = null;
        return;
      }
      const { value, done } = await reader.read();
      if (done) stream.close();
      else stream.enqueue(value);
    },
  });
  const module = packed ? bytes.pipeThrough(new DecompressionStream("gzip")) : bytes;
  return WebAssembly.compileStreaming(
    new Response(module, { headers: { "Content-Type": "application/wasm" } }),
  );
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
