// The official @ably/chat, as it comes from npm, behind the harness's protocol (docs/subject-protocol.md).
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as Ably from 'ably';
import { ChatClient } from '@ably/chat';

const PROTOCOL = 1;
// Beyond the harness's patience, so that no timer of the client takes part.
const TIMEOUT = 120_000;

let realtime;
let chat;

const rooms = new Map(); // identity: from the room object to its number
const handles = []; // and back

function identity(room) {
  if (!rooms.has(room)) {
    handles.push(room);
    rooms.set(room, handles.length);
  }
  return rooms.get(room);
}

// turn lets the event loop go round once, with all that is due in it.
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function turns() {
  for (let i = 0; i < 3; i += 1) await turn();
}

const ops = {
  async hello({ protocol, host, port, key, clientId }) {
    if (protocol !== PROTOCOL) throw new Error(`protocol ${protocol} is not spoken here, only ${PROTOCOL}`);
    realtime = new Ably.Realtime({
      key, clientId, endpoint: host, port, tls: false, logLevel: 0, realtimeRequestTimeout: TIMEOUT,
    });
    await realtime.connection.whenState('connected');
    return { protocol: PROTOCOL, subject: `@ably/chat@${version('@ably/chat')}` };
  },
  async new() {
    chat = new ChatClient(realtime, { logLevel: 'silent' });
    rooms.clear();
    handles.length = 0;
  },
  async get({ name, options }) {
    return { room: identity(await chat.rooms.get(name, options)) };
  },
  async release({ name }) {
    await chat.rooms.release(name);
  },
  async dispose() {
    await chat.rooms.dispose();
  },
  async attach({ room }) {
    await handles[room - 1].attach();
  },
  async giveup() {
    throw new Error('calls of @ably/chat can not be given up');
  },
  // settle: nothing is left to do, and what was sent before has reached the server and been answered.
  async settle() {
    await turns();
    await realtime.connection.ping();
    await turns();
  },
};

function version(name) {
  const require = createRequire(import.meta.url);
  return JSON.parse(readFileSync(require.resolve(`${name}/package.json`))).version;
}

function answer(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// An operation is begun at once, before the next line is read: the order of the lines is that of the calls.
createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line);
  const op = ops[request.op] ?? (async () => { throw new Error(`no such op: ${request.op}`); });
  op(request).then(
    (result) => answer({ id: request.id, ...result }),
    (e) => answer({ id: request.id, error: { code: e?.code ?? 0, status: e?.statusCode ?? 0, message: String(e?.message ?? e) } }),
  );
}).on('close', () => process.exit(0));
