import { equal, refused, truthy, whenConnected } from '../lib.mjs';

export const rows = [
  {
    name: 'wrong secret, wrong key, wrong app: refused',
    async run(t) {
      const [name] = t.key.split(':');
      const [app] = name.split('.');
      const cases = [
        [`${name}:hush-hush`, 40101],
        [`${app}.nobody:hush-hush`, 40101],
        ['nobody.key:hush-hush', 40101],
      ];
      for (const [key, code] of cases) {
        const client = t.client({ key });
        const change = await client.connection.once('failed');
        equal(change.reason.code, code, 'connection');
        truthy(!change.reason.message.includes('hush-hush'), 'the error keeps the secret');
        await refused(t.rest({ key }).channels.get('x').history(), code, 'REST');
      }
    },
  },
  {
    name: 'signed token request, by authCallback',
    async run(t) {
      const own = t.rest();
      let requests = 0;
      const client = await t.connected({
        key: undefined,
        clientId: 'alice',
        authCallback: (params, done) => {
          requests += 1;
          own.auth.createTokenRequest({ ...params, clientId: 'alice' }).then((r) => done(null, r), (e) => done(e, null));
        },
      });
      equal(client.auth.clientId, 'alice', 'clientId');
      equal(requests, 1, 'token requests');
      const channel = client.channels.get(t.channel());
      await channel.publish('n', 'd');
      const history = await channel.history();
      equal(history.items.map((m) => m.clientId), ['alice'], 'clientId of the message');
    },
  },
  {
    name: 'token details, token string, capability',
    async run(t) {
      const name = t.channel();
      const details = await t.rest().auth.requestToken({ capability: { [name]: ['subscribe'] }, ttl: 60_000 });
      equal(details.expires - details.issued, 60_000, 'ttl');
      const client = await t.connected({ key: undefined, token: details.token });
      const channel = client.channels.get(name);
      await channel.attach();
      equal(channel.modes, ['subscribe', 'presence_subscribe'].sort().reverse(), 'modes');
      await refused(channel.publish('n', 'd'), 40160, 'publish');
      await refused(client.channels.get(name + '-other').attach(), 40160, 'attach elsewhere');
    },
  },
  {
    name: 'clientId that the token does not allow: refused',
    async run(t) {
      const details = await t.rest().auth.requestToken({ clientId: 'alice' });
      const client = t.client({ key: undefined, token: details.token, clientId: 'bob' });
      equal((await client.connection.once('failed')).reason.code, 40102, 'connection');
    },
  },
  {
    name: 'token renewed in band, connection goes on',
    async run(t) {
      const own = t.rest();
      const client = await t.connected({
        key: undefined,
        authCallback: (params, done) => own.auth.requestToken(params).then((d) => done(null, d), (e) => done(e, null)),
      });
      const { id } = client.connection;
      const channel = client.channels.get(t.channel());
      await channel.attach();
      const update = client.connection.once('update');
      const before = client.auth.tokenDetails?.token;
      const details = await client.auth.authorize();
      truthy(details.token !== before, 'another token');
      await update;
      equal(client.connection.id, id, 'connection id');
      equal(channel.state, 'attached', 'channel');
    },
  },
  {
    name: 'token that ends is renewed, connection resumes',
    async run(t) {
      const own = t.rest();
      for (let ttl = 500; ; ttl *= 4) {
        let tokens = 0;
        const client = t.client({
          key: undefined,
          authCallback: (params, done) => {
            tokens += 1;
            own.auth.requestToken({ ...params, ttl: tokens === 1 ? ttl : 60_000 }).then((d) => done(null, d), (e) => done(e, null));
          },
        });
        const disconnected = client.connection.once('disconnected');
        await whenConnected(client);
        if (tokens > 1) continue; // the first one ended before it was used
        const { id } = client.connection;
        equal((await disconnected).reason.code, 40142, 'reason');
        await whenConnected(client);
        equal(client.connection.id, id, 'connection id');
        equal(tokens, 2, 'tokens');
        return;
      }
    },
  },
];
