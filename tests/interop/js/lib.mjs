// What all rows use: clients that are closed at the end of a row, a relay that can be cut,
// and assertions.
import net from 'node:net';
import { isDeepStrictEqual, inspect } from 'node:util';
import * as Ably from 'ably';

const patience = 30_000; // ms, for anything that should take milliseconds

let names = 0;

export class Context {
  constructor({ host, port, key, binary }) {
    Object.assign(this, { host, port, key, binary });
    this.closers = [];
  }

  options(extra = {}) {
    return {
      key: this.key,
      endpoint: this.host,
      port: this.port,
      tls: false,
      useBinaryProtocol: this.binary,
      logLevel: 0,
      ...extra,
    };
  }

  // client returns a realtime client. With key: undefined in the options, it has no key.
  client(extra) {
    const client = new Ably.Realtime(this.options(extra));
    this.closers.push(() => closeClient(client));
    return client;
  }

  async connected(extra) {
    const client = this.client(extra);
    await whenConnected(client);
    return client;
  }

  rest(extra) {
    return new Ably.Rest(this.options(extra));
  }

  // channel returns a name that no other row uses.
  channel(suffix = '') {
    names += 1;
    return `interop-${process.pid}-${names}${suffix}`;
  }

  // wire returns a TCP relay to the server; cut() ends all its connections without a frame.
  async wire() {
    const sockets = new Set();
    const server = net.createServer((near) => {
      const far = net.connect(this.port, this.host);
      for (const [a, b] of [[near, far], [far, near]]) {
        sockets.add(a);
        a.on('error', () => {});
        a.on('close', () => {
          sockets.delete(a);
          b.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const cut = () => sockets.forEach((s) => s.destroy());
    this.closers.unshift(() => {
      cut();
      server.close();
    });
    return { port: server.address().port, cut };
  }

  async close() {
    for (const f of this.closers.reverse()) await f();
  }
}

async function closeClient(client) {
  if (['closed', 'failed'].includes(client.connection.state)) return;
  const closed = client.connection.once('closed');
  client.close();
  await closed;
}

export async function whenConnected(client) {
  await new Promise((resolve, reject) => {
    const look = () => {
      const { state, errorReason } = client.connection;
      if (state === 'connected') resolve();
      else if (state === 'failed') reject(errorReason);
      else return false;
      return true;
    };
    if (!look()) client.connection.on(function change() {
      if (look()) client.connection.off(change);
    });
  });
}

export function deadline(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing happened for ${patience} ms`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// inbox collects the messages of a channel; take(n) waits for the first n.
export async function inbox(channel) {
  const messages = [];
  let wake = () => {};
  await channel.subscribe((m) => {
    messages.push(m);
    wake();
  });
  return {
    messages,
    async take(n) {
      while (messages.length < n) await new Promise((resolve) => (wake = resolve));
      return messages.slice(0, n);
    },
  };
}

export function equal(got, want, what) {
  if (!isDeepStrictEqual(got, want)) throw new Error(`${what}: got ${inspect(got)}, want ${inspect(want)}`);
}

export function truthy(got, what) {
  if (!got) throw new Error(`${what}: got ${inspect(got)}`);
}

// refused waits until a promise is rejected, and checks that the error has one of the codes.
export async function refused(promise, codes, what) {
  let value;
  try {
    value = await promise;
  } catch (e) {
    if (![codes].flat().includes(e.code)) throw new Error(`${what}: refused with ${e.code} (${e.message}), want ${codes}`);
    return e;
  }
  throw new Error(`${what}: not refused, got ${inspect(value)}`);
}
