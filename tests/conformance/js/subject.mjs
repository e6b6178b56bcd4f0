// A subject of the harness: the official @ably/chat from npm, with the protocol of docs/subject-protocol.md.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as Ably from 'ably';
import { ChatClient } from '@ably/chat';

const PROTOCOL = 1;
// Milliseconds. It is longer than the harness waits, so that no timer of the client fires.
const TIMEOUT = 120_000;

let realtime;
let chat;

const rooms = new Map(); // the number of each room object
const handles = []; // the room object of each number, which is its index plus 1

function identity(room) {
  if (!rooms.has(room)) {
    handles.push(room);
    rooms.set(room, handles.length);
  }
  return rooms.get(room);
}

// turn waits until the event loop has run once, with everything that is due.
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function turns() {
  for (let i = 0; i < 3; i += 1) await turn();
}

const ops = {
  async hello({ protocol, host, port, key, clientId }) {
    if (protocol !== PROTOCOL) throw new Error(`protocol ${protocol} is not supported, only ${PROTOCOL}`);
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
  // settle returns when nothing is left to do, and the server has answered everything sent before.
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

// An operation begins before the next line is read, so calls begin in the order of the lines.
createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line);
  const op = ops[request.op] ?? (async () => { throw new Error(`no such op: ${request.op}`); });
  op(request).then(
    (result) => answer({ id: request.id, ...result }),
    (e) => answer({ id: request.id, error: { code: e?.code ?? 0, status: e?.statusCode ?? 0, message: String(e?.message ?? e) } }),
  );
}).on('close', () => process.exit(0));
