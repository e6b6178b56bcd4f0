// A bot in JavaScript on the official @ably/chat, and its tests. The tests use the kit, which is the
// control interface of cmd/ablyserver. They start the server themselves, as tests in any language can,
// and print a line for each test. The exit code is 1 if a test fails.
//
//   node control.mjs --server path/to/ablyserver [--only <text>]
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as Ably from 'ably';
import { ChatClient } from '@ably/chat';
import { deadline, equal, truthy } from './lib.mjs';

const { values: args } = parseArgs({
  options: { server: { type: 'string' }, only: { type: 'string', default: '' } },
});

// The server prints one line of JSON with its addresses.
const server = spawn(args.server, ['-control'], { stdio: ['ignore', 'pipe', 'inherit'] });
const at = JSON.parse(await new Promise((resolve) => createInterface({ input: server.stdout }).once('line', resolve)));

// kit sends a request to the control interface: kit('POST', '/users/eve/says', { room, text }).
async function kit(method, path, body) {
  const response = await fetch(at.control + path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error.message), answer.error);
  return answer;
}

const eve = (verb, body) => kit('POST', `/users/eve/${verb}`, body);
const room = 'lobby';
const until = (contains) => kit('POST', `/rooms/${room}/await`, { contains, timeout: '20s' });

// disrupt calls f during a disruption.
async function disrupt(what, body, f) {
  const { id } = await kit('POST', `/disruptions/${what}`, body);
  try {
    return await f();
  } finally {
    await kit('DELETE', `/disruptions/${id}`);
  }
}

// bot starts a bot, which answers every user who says hello. It returns what the tests need, and close.
async function bot(options = { key: at.key }) {
  const realtime = new Ably.Realtime({
    clientId: 'bot',
    endpoint: at.host,
    port: at.port,
    tls: false,
    logLevel: 0,
    disconnectedRetryTimeout: 100,
    ...options,
  });
  const chat = new ChatClient(realtime, { logLevel: 'silent' });
  const lobby = await chat.rooms.get(room);
  const seen = [];
  const errors = [];
  lobby.messages.subscribe(async ({ type, message }) => {
    seen.push(`${type} ${message.clientId} ${message.text}`);
    if (type !== 'message.created' || message.clientId === 'bot' || !message.text.startsWith('hello')) return;
    try {
      await lobby.typing.keystroke();
      await lobby.messages.send({ text: `${message.text}, ${message.clientId}` });
    } catch (e) {
      errors.push(e);
    }
  });
  lobby.messages.reactions.subscribe((e) => seen.push(`reactions ${Object.keys(e.reactions.distinct)}`));
  lobby.presence.subscribe((e) => seen.push(`${e.type} ${e.member.clientId} ${e.member.data?.mood}`));
  lobby.typing.subscribe((e) => seen.push(`${e.change.type} ${e.change.clientId}`));
  lobby.reactions.subscribe((e) => seen.push(`room ${e.reaction.name}`));
  await lobby.attach();
  const wait = async (condition) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return {
    realtime,
    lobby,
    seen: (what) => wait(() => seen.includes(what)),
    failed: async () => (await wait(() => errors.length > 0), errors.shift()),
    async close() {
      await chat.dispose();
      realtime.close();
      await realtime.connection.whenState('closed');
    },
  };
}

const tests = {
  async 'answers a user'() {
    await eve('says', { room, text: 'hello' });
    await until({ messages: [{ clientId: 'bot', text: 'hello, eve' }], typing: ['bot'] });
  },

  async 'sees all that a user does'(b) {
    const { serial } = await eve('says', { room, text: 'first' });
    await b.seen('message.created eve first');
    await eve('edits', { room, serial, text: 'second' });
    await b.seen('message.updated eve second');
    await eve('reacts', { room, serial, name: '👍' });
    await b.seen('reactions 👍');
    await eve('deletes', { room, serial });
    await b.seen('message.deleted eve ');
    await eve('types', { room });
    await b.seen('typing.started eve');
    await eve('stopsTyping', { room });
    await b.seen('typing.stopped eve');
    await eve('enters', { room, data: { mood: 'good' } });
    await b.seen('enter eve good');
    equal((await b.lobby.presence.get()).map((m) => m.clientId), ['eve'], 'present');
    await eve('leaves', { room });
    await b.seen('leave eve good');
    await eve('reactsToRoom', { room, name: '🎉' });
    await b.seen('room 🎉');
  },

  async 'is back after an outage'(b) {
    await disrupt('outage', undefined, () => b.realtime.connection.whenState('disconnected'));
    await b.realtime.connection.whenState('connected');
    await eve('says', { room, text: 'hello again' });
    await until({ messages: [{ clientId: 'bot', text: 'hello again, eve' }] });
  },

  async 'loses its state and goes on'(b) {
    const lost = new Promise((resolve) => b.lobby.onDiscontinuity(resolve));
    await kit('POST', '/loseState');
    await lost;
    await eve('says', { room, text: 'hello anew' });
    await until({ messages: [{ clientId: 'bot', text: 'hello anew, eve' }] });
  },

  async 'is told what it may not do'(b) {
    for (const [what, body, code] of [
      ['rateLimit', { limit: 0, window: '1s' }, 42910],
      ['deny', { room, operations: ['publish'] }, 40160],
      ['reject', { texts: [', eve'], code: 42211, detail: { rule: 'greetings' } }, 42211],
      ['reject', { texts: [', eve'] }, 42213],
    ]) {
      const e = await disrupt(what, body, async () => {
        await b.lobby.typing.stop().catch(() => {});
        await eve('says', { room, text: 'hello' });
        return b.failed();
      });
      equal(e.code, code, `the error of ${what}`);
    }
  },

  async 'gets a new token'() {
    let tokens = 0;
    const authCallback = async (_, callback) => {
      tokens += 1;
      callback(null, (await kit('POST', '/token', { clientId: 'bot', ttl: '1h' })).token);
    };
    const b = await bot({ authCallback });
    try {
      for (const end of ['/expireTokens', '/revokeTokens']) {
        const before = tokens;
        const again = b.realtime.connection.once('connected');
        await kit('POST', end, end === '/revokeTokens' ? { clientId: 'bot' } : undefined);
        await again;
        truthy(tokens > before, 'a new token');
      }
    } finally {
      await b.close();
    }
  },

  async 'says who it is'() {
    const connects = await kit('GET', '/frames?action=CONNECT');
    equal(connects[0].query.clientId, 'bot', 'its client id');
    truthy(connects[0].query.agent?.includes('chat-js/'), 'its agents');
    equal(connects[0].query.key, undefined, 'its key');
    const attach = (await kit('GET', `/frames?action=ATTACH&channel=${room}::$chat`))[0];
    truthy(attach.message.params.agent.includes('chat-js/'), 'the agent of its channel');
  },

  async 'a web page can do nothing'() {
    const response = await fetch(`${at.control}/users/eve/says`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: 'https://evil.example' },
      body: JSON.stringify({ room, text: 'hi' }),
    });
    equal(response.status, 403, 'the status');
  },
};

let failed = 0;
const wanted = Object.keys(tests).filter((name) => `control, ${name}`.includes(args.only));
const began = Date.now();
if (wanted.length) {
  const b = await bot();
  for (const name of wanted) {
    const start = Date.now();
    let error;
    try {
      await deadline(tests[name](b), name);
    } catch (e) {
      error = e;
      failed += 1;
    }
    console.log(`${error ? 'FAILED' : 'ok'}  control, ${name} (${Date.now() - start} ms)`);
    if (error) console.log((error.stack ?? String(error)).replace(/^/gm, '        '));
  }
  await b.close();
}
console.log(`a bot of @ably/chat and the kit: ${wanted.length - failed} of ${wanted.length} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
console.log(`counts rows=${wanted.length} failed=${failed}`); // tests/interop reads this line
server.kill();
process.exit(failed ? 1 : 0);
