import { equal, inbox, refused, truthy } from '../lib.mjs';

export const rows = [
  {
    name: 'connect, ping, close',
    async run(t) {
      const client = await t.connected();
      truthy(client.connection.id, 'connection id');
      truthy(client.connection.key, 'connection key');
      truthy((await client.connection.ping()) >= 0, 'round trip');
      const closed = client.connection.once('closed');
      client.close();
      await closed;
    },
  },
  {
    name: 'attach with modes and params',
    async run(t) {
      const client = await t.connected();
      const channel = client.channels.get(t.channel(), {
        modes: ['PUBLISH', 'SUBSCRIBE'],
        params: { rewind: '1', agent: 'interop/1' },
      });
      const change = await channel.attach();
      equal(change.resumed, false, 'resumed');
      equal(channel.modes, ['publish', 'subscribe'], 'modes');
      equal(channel.params, { rewind: '1' }, 'params that the server recognised');
      truthy(channel.properties.attachSerial, 'attachSerial');
    },
  },
  {
    name: 'set options on an attached channel',
    async run(t) {
      const client = await t.connected();
      const channel = client.channels.get(t.channel());
      await channel.attach();
      await channel.setOptions({ modes: ['SUBSCRIBE'] });
      equal(channel.state, 'attached', 'state');
      equal(channel.modes, ['subscribe'], 'modes');
      await refused(channel.publish('x', 'y'), 40160, 'publish without the mode');
    },
  },
  {
    name: 'publish and echo: string, object, binary',
    async run(t) {
      const client = await t.connected({ clientId: 'me' });
      const channel = client.channels.get(t.channel());
      const box = await inbox(channel);
      const results = [
        await channel.publish('text', 'hällo'),
        await channel.publish({ name: 'object', data: { a: [1, 2] }, extras: { headers: { h: 1 } } }),
        await channel.publish('bytes', Buffer.from([0, 1, 254, 255])),
      ];
      const got = await box.take(3);
      equal(got.map((m) => m.name), ['text', 'object', 'bytes'], 'names');
      equal(got[0].data, 'hällo', 'text');
      equal(got[1].data, { a: [1, 2] }, 'object');
      equal(got[1].extras, { headers: { h: 1 } }, 'extras');
      equal([...got[2].data], [0, 1, 254, 255], 'bytes');
      equal(got.map((m) => m.serial), results.map((r) => r.serials[0]), 'serials of the acknowledgements');
      for (const m of got) {
        equal(m.clientId, 'me', 'clientId');
        equal(m.connectionId, client.connection.id, 'connectionId');
        equal(m.action, 'message.create', 'action');
        truthy(m.id && m.timestamp && m.version.serial, 'id, timestamp, version');
      }
    },
  },
  {
    name: 'receive from a client of the other format',
    async run(t) {
      const name = t.channel();
      const a = await t.connected();
      const b = await t.connected({ useBinaryProtocol: !t.binary });
      const box = await inbox(a.channels.get(name));
      await b.channels.get(name).publish([
        { name: 'one', data: Buffer.from([7]) },
        { name: 'two', data: { x: 'y' } },
      ]);
      const got = await box.take(2);
      equal(got.map((m) => m.name), ['one', 'two'], 'names');
      equal([...got[0].data], [7], 'bytes');
      equal(got[1].data, { x: 'y' }, 'object');
    },
  },
  {
    name: 'no echo when not wanted',
    async run(t) {
      const name = t.channel();
      const quiet = await t.connected({ echoMessages: false });
      const other = await t.connected();
      const box = await inbox(quiet.channels.get(name));
      await quiet.channels.get(name).publish('own', 1 + '');
      await other.channels.get(name).publish('other', '2');
      equal((await box.take(1))[0].name, 'other', 'first message');
    },
  },
  {
    name: 'detach, and nothing more arrives',
    async run(t) {
      const name = t.channel();
      const a = await t.connected();
      const b = await t.connected();
      const box = await inbox(a.channels.get(name));
      await a.channels.get(name).detach();
      equal(a.channels.get(name).state, 'detached', 'state');
      await b.channels.get(name).publish('missed', 'x');
      await a.connection.ping(); // what the server had to send is here by now
      equal(box.messages.length, 0, 'messages after the detach');
    },
  },
  {
    name: 'odd channel names',
    async run(t) {
      const client = await t.connected();
      for (const suffix of ['::$chat', ' with space', '/slash', '%2F percent', '?query&x=1', 'üñî 🐟', '+plus#hash']) {
        const channel = client.channels.get(t.channel(suffix));
        const box = await inbox(channel);
        await channel.publish('n', suffix);
        equal((await box.take(1))[0].data, suffix, channel.name);
        const history = await channel.history();
        equal(history.items.map((m) => m.data), [suffix], `history of ${channel.name}`);
        await channel.detach();
      }
    },
  },
  {
    name: 'resume after a cut: same connection, missed messages',
    async run(t) {
      const name = t.channel();
      const wire = await t.wire();
      const client = await t.connected({ port: wire.port });
      const other = await t.connected();
      const channel = client.channels.get(name);
      const box = await inbox(channel);
      await other.channels.get(name).publish('before', '1');
      await box.take(1);
      const { id } = client.connection;
      const disconnected = client.connection.once('disconnected');
      const again = channel.once('attached');
      wire.cut();
      await disconnected;
      await other.channels.get(name).publish('meanwhile', '2');
      equal((await again).resumed, true, 'resumed');
      equal(client.connection.id, id, 'connection id');
      await other.channels.get(name).publish('after', '3');
      equal((await box.take(3)).map((m) => m.name), ['before', 'meanwhile', 'after'], 'messages');
    },
  },
  {
    name: 'publish over a cut is not lost and not doubled',
    async run(t) {
      const name = t.channel();
      const wire = await t.wire();
      const client = await t.connected({ port: wire.port });
      const channel = client.channels.get(name);
      await channel.attach();
      const published = [1, 2, 3].map((n) => channel.publish('n', String(n)));
      wire.cut();
      published.push(channel.publish('n', '4'));
      await Promise.all(published);
      const history = await t.rest().channels.get(name).history({ direction: 'forwards' });
      equal(history.items.map((m) => m.data), ['1', '2', '3', '4'], 'history');
    },
  },
  {
    name: 'history until attach',
    async run(t) {
      const name = t.channel();
      const client = await t.connected();
      await t.rest().channels.get(name).publish('before', '1');
      const channel = client.channels.get(name);
      await channel.attach();
      await channel.publish('after', '2');
      const history = await channel.history({ untilAttach: true });
      equal(history.items.map((m) => m.name), ['before'], 'history');
    },
  },
  {
    name: 'what is not served is refused, not ignored',
    async run(t) {
      const client = await t.connected({ clientId: 'me' });
      const channel = client.channels.get(t.channel());
      await channel.attach();
      equal((await channel.presence.history()).items, [], 'the history of presence');
      await refused(t.rest().stats(), 40400, 'statistics');
      const answer = await t.rest().request('GET', '/no/such/thing', 4, {}, null, {});
      equal([answer.statusCode, answer.errorCode], [404, 40400], 'unknown endpoint');
    },
  },
];
