import { equal, inbox, refused, truthy } from '../lib.mjs';

export const rows = [
  {
    name: 'time',
    async run(t) {
      const time = await t.rest().time();
      truthy(Math.abs(time - Date.now()) < 60_000, `server time ${time}`);
    },
  },
  {
    name: 'REST publish reaches a realtime client',
    async run(t) {
      const name = t.channel();
      const client = await t.connected();
      const box = await inbox(client.channels.get(name));
      const result = await t.rest().channels.get(name).publish([
        { name: 'a', data: '1', clientId: 'x' },
        { name: 'b', data: Buffer.from([2]) },
      ]);
      const got = await box.take(2);
      equal(got.map((m) => m.serial), result.serials, 'serials');
      equal(got[0].clientId, 'x', 'clientId');
      equal([...got[1].data], [2], 'bytes');
    },
  },
  {
    name: 'history: pages, both directions, bounds',
    async run(t) {
      const channel = t.rest().channels.get(t.channel('/paged name'));
      for (let i = 1; i <= 7; i += 1) await channel.publish('n', String(i));
      const walk = async (params) => {
        const pages = [];
        for (let page = await channel.history(params); page; page = await page.next()) {
          pages.push(page.items.map((m) => m.data).join(''));
        }
        return pages;
      };
      equal(await walk({ limit: 3 }), ['765', '432', '1'], 'backwards');
      equal(await walk({ limit: 3, direction: 'forwards' }), ['123', '456', '7'], 'forwards');
      const all = await channel.history({ direction: 'forwards' });
      const middle = all.items[3].timestamp;
      const late = await walk({ start: middle, direction: 'forwards' });
      truthy(late.join('').endsWith('4567'), `from the fourth on: ${late}`);
      const second = await (await channel.history({ limit: 3 })).next();
      equal((await second.first()).items.map((m) => m.data), ['7', '6', '5'], 'first page again');
      equal((await second.current()).items.map((m) => m.data), ['4', '3', '2'], 'current page again');
      await refused(channel.history({ limit: 1001 }), 40003, 'limit above 1000');
    },
  },
  {
    name: 'idempotent publish',
    async run(t) {
      const channel = t.rest().channels.get(t.channel());
      await channel.publish({ id: 'once:0', name: 'n', data: 'd' });
      await channel.publish({ id: 'once:0', name: 'n', data: 'd' });
      equal((await channel.history()).items.length, 1, 'messages');
    },
  },
  {
    name: 'channel status',
    async run(t) {
      const name = t.channel();
      const client = await t.connected();
      await client.channels.get(name).attach();
      const { status } = await t.rest().channels.get(name).status();
      equal(status.isActive, true, 'isActive');
      equal(status.occupancy.metrics.connections, 1, 'connections');
    },
  },
];
