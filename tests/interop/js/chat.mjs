// Runs the official @ably/chat from npm. It reads one line of JSON for each call, and writes one for each answer and each event.
// The Go files in the folder above make the calls, and check the answers and events.
//
//   stdin   {"id":7,"op":"send","room":1,"args":{...}}
//   stdout  {"id":7,"result":...}, {"id":7,"error":{...}} and {"sub":3,"event":...}
import { createInterface } from 'node:readline';
import * as Ably from 'ably';
import { ChatClient } from '@ably/chat';

const clients = new Map(); // by the number that connect gave them
const rooms = new Map();
const subscriptions = new Map();

const put = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// Functions that subscribe to a feature of a room. Each calls the listener f with one event at a time.
const features = {
  messages: (room, f) => room.messages.subscribe(f),
  merged,
  summaries: (room, f) => room.messages.reactions.subscribe(f),
  raws: (room, f) => room.messages.reactions.subscribeRaw(f),
  roomReactions: (room, f) => room.reactions.subscribe(f),
  // JSON can't represent a Set.
  typing: (room, f) => room.typing.subscribe((e) => f({ ...e, currentlyTyping: [...e.currentlyTyping] })),
  presence: (room, f) => room.presence.subscribe(f),
  occupancy: (room, f) => room.occupancy.subscribe(f),
  statuses: (room, f) => room.onStatusChange(f),
  discontinuities: (room, f) => room.onDiscontinuity(f),
};

// merged calls the listener with the message after each event, as the client itself merges them.
function merged(room, tell) {
  const messages = new Map();
  const merge = (serial, next) => {
    messages.set(serial, next);
    tell(next);
  };
  const changes = room.messages.subscribe((e) => {
    const { serial } = e.message;
    merge(serial, e.type === 'message.created' ? e.message : messages.get(serial).with(e));
  });
  const summaries = room.messages.reactions.subscribe((e) => merge(e.messageSerial, messages.get(e.messageSerial).with(e)));
  return {
    unsubscribe() {
      changes.unsubscribe();
      summaries.unsubscribe();
    },
  };
}

async function pages(first) {
  const all = [];
  for (let page = first; page; page = page.hasNext() ? await page.next() : null) all.push(page.items);
  return all;
}

const ops = {
  async connect({ client, clientId, host, port, key, binary }) {
    const realtime = new Ably.Realtime({ key, clientId, endpoint: host, port, tls: false, logLevel: 0, useBinaryProtocol: binary });
    clients.set(client, { realtime, chat: new ChatClient(realtime, { logLevel: 'silent' }) });
    await realtime.connection.whenState('connected');
    return clients.get(client).chat.clientId;
  },
  async close({ client }) {
    const { realtime, chat } = clients.get(client);
    await chat.dispose();
    const closed = realtime.connection.whenState('closed');
    realtime.close();
    await closed;
  },
  async get({ client, room, name, options }) {
    rooms.set(room, await clients.get(client).chat.rooms.get(name, options));
  },
  async release({ client, name }) {
    await clients.get(client).chat.rooms.release(name);
  },
  async subscribe({ feature, sub }, room) {
    subscriptions.set(sub, features[feature](room, (event) => put({ sub, event: event ?? null })));
  },
  async unsubscribe({ sub }) {
    const subscription = subscriptions.get(sub);
    (subscription.off ?? subscription.unsubscribe)();
  },
  historyBeforeSubscribe: async ({ sub, params }) => pages(await subscriptions.get(sub).historyBeforeSubscribe(params)),

  attach: (_, room) => room.attach(),
  detach: (_, room) => room.detach(),
  status: async (_, room) => room.status,

  send: (content, room) => room.messages.send(content),
  update: ({ serial, content, details }, room) => room.messages.update(serial, content, details),
  delete: ({ serial, details }, room) => room.messages.delete(serial, details),
  message: ({ serial }, room) => room.messages.get(serial),
  history: async (params, room) => pages(await room.messages.history(params)),

  react: ({ serial, reaction }, room) => room.messages.reactions.send(serial, reaction),
  unreact: ({ serial, reaction }, room) => room.messages.reactions.delete(serial, reaction),
  clientReactions: ({ serial, clientId }, room) => room.messages.reactions.clientReactions(serial, clientId),

  reactToRoom: (reaction, room) => room.reactions.send(reaction),

  keystroke: (_, room) => room.typing.keystroke(),
  stop: (_, room) => room.typing.stop(),
  typers: async (_, room) => room.typing.currentTypers,

  enter: ({ data }, room) => room.presence.enter(data),
  updatePresence: ({ data }, room) => room.presence.update(data),
  leave: ({ data }, room) => room.presence.leave(data),
  members: (_, room) => room.presence.get(),
  isUserPresent: ({ clientId }, room) => room.presence.isUserPresent(clientId),

  occupancy: (_, room) => room.occupancy.get(),
  currentOccupancy: async (_, room) => room.occupancy.current,
};

function problem(e) {
  const { code, statusCode, message, detail } = e;
  return { code: code ?? 0, statusCode: statusCode ?? 0, message: message ?? String(e), detail };
}

// A call begins before the next line is read, so calls begin in the order of the lines.
createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, op, room, args } = JSON.parse(line);
    try {
      const result = await ops[op](args ?? {}, rooms.get(room));
      put({ id, result: result ?? null });
    } catch (e) {
      put({ id, error: problem(e) });
    }
  })
  .on('close', () => process.exit(0));
