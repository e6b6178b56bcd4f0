// Runs Ably's own client on a server with Ably's protocol, row by row, in JSON and in
// MessagePack, and prints a table. The exit code is 1 if a row fails.
//
//   node interop.mjs --host 127.0.0.1 --port 41234 --key app.key:secret [--only <text>]
//
// The defaults are the environment variables ABLY_HOST, ABLY_PORT and ABLY_KEY. A row is an
// object { name, run(t) } in one of the files of rows/; t is a Context of lib.mjs.
import { parseArgs } from 'node:util';
import { readFileSync } from 'node:fs';
import { Context, deadline } from './lib.mjs';
import { rows as realtime } from './rows/realtime.mjs';
import { rows as auth } from './rows/auth.mjs';
import { rows as rest } from './rows/rest.mjs';

const { values: args } = parseArgs({
  options: {
    host: { type: 'string', default: process.env.ABLY_HOST ?? '127.0.0.1' },
    port: { type: 'string', default: process.env.ABLY_PORT },
    key: { type: 'string', default: process.env.ABLY_KEY ?? 'app.key:secret' },
    only: { type: 'string', default: '' },
  },
});
if (!args.port) {
  console.error('interop: --port (or ABLY_PORT) is missing: the port of the server');
  process.exit(2);
}

const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
const ok = () => paint('32', 'ok');
const failed = () => paint('31', 'FAILED');

const families = [
  { client: 'ably-js', rows: [...realtime, ...auth, ...rest] },
];
const formats = [
  { name: 'json', binary: false },
  { name: 'msgpack', binary: true },
];

const wanted = families.flatMap((f) =>
  f.rows.filter((r) => r.name.includes(args.only)).map((row) => ({ client: f.client, row })),
);
const total = wanted.length * formats.length;
const results = [];
const began = Date.now();
for (const { client, row } of wanted) {
  const outcome = { client, name: row.name };
  for (const format of formats) {
    const t = new Context({ host: args.host, port: Number(args.port), key: args.key, binary: format.binary });
    const start = Date.now();
    let error = null;
    try {
      await deadline(row.run(t), row.name);
    } catch (e) {
      error = e;
    }
    try {
      await deadline(t.close(), 'closing the clients');
    } catch (e) {
      error ??= e;
    }
    outcome[format.name] = { error, ms: Date.now() - start };
    const done = results.length * formats.length + formats.indexOf(format) + 1;
    console.log(`[${String(done).padStart(2)}/${total}] ${error ? failed() : ok()}  ${row.name} (${format.name}, ${Date.now() - start} ms)`);
    if (error) console.log(indent(error.stack ?? String(error)));
  }
  results.push(outcome);
}

console.log(`\n${table(results)}\n`);
const failures = results.flatMap((r) => formats.filter((f) => r[f.name].error)).length;
const version = JSON.parse(readFileSync(new URL('./node_modules/ably/package.json', import.meta.url))).version;
console.log(
  `ably-js ${version}, Node ${process.versions.node}: ` +
    (failures ? failed() + ` ${failures} of ${total}` : ok() + ` ${total} of ${total}`) +
    ` in ${((Date.now() - began) / 1000).toFixed(1)} s`,
);
console.log(`counts rows=${total} failed=${failures}`); // tests/interop reads this line
process.exit(failures ? 1 : 0);

function indent(text) {
  return text.replace(/^/gm, '        ');
}

function table(results) {
  const head = ['client', 'what', ...formats.map((f) => f.name)];
  const body = results.map((r) => [r.client, r.name, ...formats.map((f) => (r[f.name].error ? 'FAILED' : 'ok'))]);
  const widths = head.map((h, i) => Math.max(h.length, ...body.map((b) => b[i].length)));
  const line = (cells) => '| ' + cells.map((c, i) => c.padEnd(widths[i])).join(' | ') + ' |';
  const rule = '|' + widths.map((w) => '-'.repeat(w + 2)).join('|') + '|';
  return [line(head), rule, ...body.map(line)]
    .join('\n')
    .replace(/\bFAILED\b/g, failed())
    .replace(/\bok\b(?= +\|)/g, ok());
}
