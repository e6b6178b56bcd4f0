// Runs the official `ably` client from npm. Like chat.mjs, it reads one line of JSON for each call, and
// writes one for each answer. The scenarios are in agreement_scenarios.go.
//
//   stdin   {"id":7,"op":"attach","room":1,"args":{...}}
//   stdout  {"id":7,"result":...} and {"id":7,"error":{...}}
import { createInterface } from 'node:readline';
import * as Ably from 'ably';

const clients = new Map(); // by the number that connect gave them; in other calls it is "room"

const channelOf = (client, { channel, modes, params }) =>
  client.channels.all[channel] ?? client.channels.get(channel, { modes, params });

const ops = {
  async connect({ client, ...options }) {
    clients.set(client, new Ably.Realtime(options));
  },
  connected: (_, client) => client.connection.whenState('connected').then(() => {}),
  begun: async () => {},
  async close(_, client) {
    const closed = client.connection.whenState('closed');
    client.close();
    await closed;
  },
  attach: (args, client) => channelOf(client, args).attach().then(() => {}),
  detach: (args, client) => channelOf(client, args).detach(),
  async release(args, client) {
    const channel = channelOf(client, args);
    const detached = new Promise((resolve) => channel.once(['detached', 'failed'], resolve));
    client.channels.release(channel.name);
    await detached;
  },
  publish: ({ message, ...args }, client) => channelOf(client, args).publish(message).then(() => {}),
  enter: ({ data, ...args }, client) => channelOf(client, args).presence.enter(data),
  update: ({ data, ...args }, client) => channelOf(client, args).presence.update(data),
  leave: ({ data, ...args }, client) => channelOf(client, args).presence.leave(data),
  members: (args, client) => channelOf(client, args).presence.get().then(() => {}),
};

const put = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// A call begins before the next line is read, so calls begin in the order of the lines.
createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, op, room, args } = JSON.parse(line);
    try {
      await ops[op](args ?? {}, clients.get(room));
      put({ id, result: null });
    } catch (e) {
      put({ id, error: { code: e.code ?? 0, statusCode: e.statusCode ?? 0, message: e.message ?? String(e) } });
    }
  })
  .on('close', () => process.exit(0));
