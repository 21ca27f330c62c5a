/** The proxy does to a connection what its name says: each fault seen from both ends. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closed as end, listening } from '../servers/local-server.js';
import { FaultProxy } from './fault-proxy.js';

let proxy: FaultProxy;
const accepted: Socket[] = [];
const dialled: Socket[] = [];
const target = createServer({ allowHalfOpen: true }, (socket) => {
  accepted.push(socket);
  socket.on('error', () => {});
});

/** A connection through the proxy, both ends of it. */
async function dial(): Promise<{ client: Socket; server: Socket }> {
  const arrival = once(target, 'connection');
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => {});
  dialled.push(client);
  const [server] = await arrival;
  return { client, server };
}

/** Reads exactly this many bytes. */
async function read(socket: Socket, numBytes: number): Promise<string> {
  let text = '';
  while (text.length < numBytes) text += String((await once(socket, 'data'))[0]);
  return text;
}

/** `once` would reject for the error that comes first. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

beforeEach(async () => {
  proxy = await FaultProxy.start({ port: await listening(target) });
});

afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  for (const socket of [...accepted.splice(0), ...dialled.splice(0)]) socket.destroy();
  await end(target);
});

describe('FaultProxy', () => {
  it('passes bytes both ways and a FIN as a FIN', async () => {
    const { client, server } = await dial();
    client.write('hello');
    expect(await read(server, 5)).toBe('hello');
    client.end();
    await once(server.resume(), 'end');
    server.end('bye');
    expect(await read(client, 3)).toBe('bye');
    await once(client.resume(), 'end');
  });

  it('delays each byte by latencyMs', async () => {
    proxy.setFaults({ latencyMs: 60 }, 'toServer');
    const { client, server } = await dial();
    const beganMs = performance.now();
    client.write('late');
    expect(await read(server, 4)).toBe('late');
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(59);
  });

  it('lets no more than bytesPerSec pass', async () => {
    proxy.setFaults({ bytesPerSec: 10_000 }, 'toClient');
    const { client, server } = await dial();
    const beganMs = performance.now();
    server.write('x'.repeat(2_000));
    expect(await read(client, 2_000)).toHaveLength(2_000);
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(180);
  });

  it('cuts writes into slices', async () => {
    proxy.setFaults({ sliceBytes: 1 }, 'toServer');
    const { client, server } = await dial();
    let chunks = 0;
    server.on('data', () => chunks++);
    client.write('0123456789');
    expect(await read(server, 10)).toBe('0123456789');
    expect(chunks).toBeGreaterThan(3);
  });

  it('swallows everything in one direction until healed, and then delivers it in order', async () => {
    const { client, server } = await dial();
    proxy.setFaults({ blackHole: true }, 'toServer');
    let arrived = '';
    server.on('data', (bytes) => {
      arrived += bytes;
    });
    client.write('one ');
    client.write('two');
    server.write('the other way works');
    await read(client, 19);
    expect(arrived).toBe('');
    proxy.setFaults({});
    if (arrived === '') await once(server, 'data');
    while (arrived.length < 7) await once(server, 'data');
    expect(arrived).toBe('one two');
  });

  it('makes the sender wait when a black hole is full', async () => {
    const { client } = await dial();
    proxy.setFaults({ blackHole: true });
    const block = Buffer.alloc(65_536);
    // Far beyond what the proxy and the kernel's buffers take together.
    for (let i = 0; i < 1_000; i++) client.write(block);
    expect(client.writableLength).toBeGreaterThan(0);
    proxy.setFaults({});
    for (const socket of accepted) socket.resume();
    await once(client, 'drain');
  });

  it('half-closes one direction and leaves the other', async () => {
    const { client, server } = await dial();
    proxy.halfClose('toClient');
    await once(client.resume(), 'end');
    client.write('still talking');
    expect(await read(server, 13)).toBe('still talking');
  });

  it('resets both ends, and refuses newcomers while cut', async () => {
    const { client, server } = await dial();
    const bothClosed = Promise.all([closed(client), closed(server)]);
    proxy.cut();
    await bothClosed;
    expect(client.errored).toMatchObject({ code: 'ECONNRESET' });
    expect(server.errored).toMatchObject({ code: 'ECONNRESET' });

    const refused = connect(proxy.port, '127.0.0.1');
    dialled.push(refused);
    const [error] = await once(refused, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(proxy.numRefused).toBe(1);
    expect(proxy.numConnections).toBe(0);

    proxy.restore();
    const again = await dial();
    again.client.write('back');
    expect(await read(again.server, 4)).toBe('back');
  });

  it('tells the client when the server resets, and the server when the client does', async () => {
    const first = await dial();
    const clientGone = closed(first.client);
    first.server.resetAndDestroy();
    await clientGone;
    expect(first.client.errored).toMatchObject({ code: 'ECONNRESET' });

    const second = await dial();
    const serverGone = closed(second.server);
    second.client.resetAndDestroy();
    await serverGone;
    expect(second.server.errored).toMatchObject({ code: 'ECONNRESET' });
  });

  it('breaks the connections of one purpose alone', async () => {
    const isSpecial = (bytes: Buffer) => (String(bytes).startsWith('special') ? 'special' : undefined);
    await using sorting = await FaultProxy.start(
      // safe: it listens on a port
      { port: (target.address() as AddressInfo).port },
      { purposeOf: isSpecial },
    );
    const plain = proxy;
    proxy = sorting;
    const [special, usual] = [await dial(), await dial()];
    proxy = plain;
    sorting.setFaultsOf('special', { blackHole: true });
    let arrived = '';
    special.server.on('data', (bytes) => {
      arrived += bytes;
    });
    special.client.write('special delivery');
    usual.client.write('usual');
    expect(await read(usual.server, 5)).toBe('usual');
    expect(arrived).toBe('');
    sorting.setFaultsOf('special', undefined);
    while (arrived.length < 16) await once(special.server, 'data');
    expect(arrived).toBe('special delivery');
  });

  it('sends on what is made of the bytes of the server', async () => {
    await using loud = await FaultProxy.start(
      // safe: it listens on a port
      { port: (target.address() as AddressInfo).port },
      { rewriteToClient: () => (bytes) => Buffer.from(String(bytes).toUpperCase()) },
    );
    const plain = proxy;
    proxy = loud;
    const { client, server } = await dial();
    proxy = plain;
    client.write('quiet');
    expect(await read(server, 5)).toBe('quiet');
    server.write('loud');
    expect(await read(client, 4)).toBe('LOUD');
  });
});
