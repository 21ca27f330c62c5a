/** Two nodes of the server as installed, with NATS between them, which also fails (F2, F4). */

import { describe, expect, test, vi } from 'vitest';
import { FanfareProcess, Folder, fanfare } from '../cli/fanfare-process.js';
import { NatsServer, natsIsMissing } from '../support/brokers/nats-server.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { makeCertificate } from '../support/programs/certificate.js';
import { ObservedFleet } from './observed-fleet.js';
import { subscribed } from './plain-fleet.js';

const channel = 'chat:lobby';

/** A fleet of two with a follower at each node, and publications flowing. */
async function started(broker: string | readonly string[]) {
  const fleet = await ObservedFleet.start(broker);
  for (const node of [0, 1]) await fleet.follow(`at ${node}`, node, [channel]);
  const flow = fleet.flow(channel);
  await fleet.goesOn(flow, 10_000);
  return { fleet, flow };
}

/** Until a node says that it is not ready, or is again; it is alive all the time. */
async function becomes(fleet: ObservedFleet, node: number, status: 200 | 503): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(await fleet.status(node, 'live')).toBe(200);
      expect(await fleet.status(node, 'ready')).toBe(status);
    },
    { timeout: 15_000, interval: 200 },
  );
}

describe.skipIf(natsIsMissing())('two nodes and NATS', () => {
  test.each(['chat:lobby', 'plain:lobby', 'chat:*', 'plain:a.> b'])(
    '%s: a message published at either reaches both, in order',
    async (name) => {
      await using server = await NatsServer.start();
      await using fleet = await ObservedFleet.start(server.url);
      using ann = await subscribed(fleet.urls[0] ?? '', name);
      using bob = await subscribed(fleet.urls[1] ?? '', name);
      using eve = await subscribed(fleet.urls[1] ?? '', name.startsWith('chat') ? 'chat:else' : 'plain:else');
      const values = Array.from({ length: 20 }, (_, n) => n);
      for (const n of values) await (n % 2 === 0 ? ann : bob).subscription.publish(n);
      await vi.waitFor(() => expect([ann.received, bob.received]).toEqual([values, values]));
      expect(eve.received).toEqual([]);
    },
  );

  test('G4: a client that comes back at the other node gets exactly what it has missed', async () => {
    await using server = await NatsServer.start();
    await using fleet = await ObservedFleet.start(server.url);
    using ann = await subscribed(fleet.urls[0] ?? '', channel);
    await ann.subscription.publish(1);
    const { offset, epoch } = await ann.subscription.history({ limit: 0 });
    for (const n of [2, 3, 4]) await ann.subscription.publish(n);
    using bob = await subscribed(fleet.urls[1] ?? '', channel, { since: { offset, epoch } });
    await ann.subscription.publish(5);
    await vi.waitFor(() => expect(bob.received).toEqual([2, 3, 4, 5]));
  });

  test('G8: presence is of both nodes, and of one when the other has died', { timeout: 90_000 }, async () => {
    await using server = await NatsServer.start();
    await using fleet = await ObservedFleet.start(server.url);
    using ann = await subscribed(fleet.urls[0] ?? '', channel);
    using _bob = await subscribed(fleet.urls[1] ?? '', channel);
    const presentAre = (numClients: number) =>
      vi.waitFor(
        async () => {
          expect(Object.keys((await ann.subscription.presence()).clients)).toHaveLength(numClients);
          expect((await ann.subscription.presenceStats()).numClients).toBe(numClients);
        },
        { timeout: 60_000, interval: 200 },
      );
    await presentAre(2);
    fleet.nodes[1]?.child.kill('SIGKILL');
    await presentAre(1);
  });

  test.each([
    ['with what it had', 'some', async () => undefined],
    ['empty', 'all', (server: NatsServer) => server.erase()],
  ] as const)('F2 G2 G5 G7 G10: it dies and comes back %s', { timeout: 90_000 }, async (_how, losesHistory, lose) => {
    await using server = await NatsServer.start();
    const { fleet, flow } = await started(server.url);
    await using _fleet = fleet;
    const effects = { stopsBroker: true, losesHistory };
    fleet.recorder.record({ kind: 'fault-began', fault: 'f2', name: 'F2 NATS is killed', effects });
    await server.kill();
    await vi.waitFor(async () => {
      const began = performance.now();
      expect((await fleet.publish(channel, 0)).code).toBe(100);
      expect(performance.now() - began).toBeLessThan(1_000);
    });
    for (const node of [0, 1]) await becomes(fleet, node, 503);
    await lose(server);
    await server.startAgain();
    fleet.recorder.record({ kind: 'fault-ended', fault: 'f2' });
    // Who is told that something may be missing does not get what was published until then.
    await vi.waitFor(
      () => {
        for (const signals of fleet.signals(channel)) expect(signals).toBeGreaterThan(0);
      },
      { timeout: 15_000, interval: 100 },
    );
    for (const node of [0, 1]) await becomes(fleet, node, 200);
    await fleet.goesOn(flow, 15_000);
    await fleet.judged();
    for (const node of fleet.nodes) expect(node.child.exitCode).toBeNull();
  });

  test('F4 G2 G7 G10: the way of one node to it is cut, then a black hole, then one in each direction', {
    timeout: 180_000,
  }, async () => {
    await using server = await NatsServer.start();
    await using proxy = await FaultProxy.start({ port: server.port });
    const { fleet, flow } = await started([server.url, `nats://127.0.0.1:${proxy.port}`]);
    await using _fleet = fleet;
    const faults = [
      ['cut', () => proxy.cut()],
      ['a black hole', () => proxy.setFaults({ blackHole: true })],
      ['a black hole toward it', () => proxy.setFaults({ blackHole: true }, 'toServer')],
      ['a black hole from it', () => proxy.setFaults({ blackHole: true }, 'toClient')],
    ] as const;
    for (const [name, begin] of faults) {
      const effects = { cuts: ['node 1'] };
      fleet.recorder.record({ kind: 'fault-began', fault: name, name: `F4 ${name}`, effects });
      begin();
      await becomes(fleet, 1, 503);
      const began = performance.now();
      expect((await fleet.publish(channel, 1)).code).toBe(100);
      expect(performance.now() - began).toBeLessThan(5_000);
      // The other node never noticed.
      expect((await fleet.publish(channel, 0)).code).toBeUndefined();
      expect(await fleet.status(0, 'ready')).toBe(200);
      proxy.restore();
      fleet.recorder.record({ kind: 'fault-ended', fault: name });
      await becomes(fleet, 1, 200);
      await fleet.goesOn(flow, 20_000);
    }
    await fleet.judged();
    expect(fleet.signals(channel)[0]).toBe(0);
  });

  test('F6 G2 G7: it stands still for longer than anybody waits', { timeout: 90_000 }, async () => {
    await using server = await NatsServer.start();
    const { fleet, flow } = await started(server.url);
    await using _fleet = fleet;
    const effects = { stopsBroker: true };
    fleet.recorder.record({ kind: 'fault-began', fault: 'f6', name: 'F6 NATS is stopped', effects });
    server.pause();
    for (const node of [0, 1]) await becomes(fleet, node, 503);
    server.resume();
    fleet.recorder.record({ kind: 'fault-ended', fault: 'f6' });
    await fleet.goesOn(flow, 20_000);
    for (const node of [0, 1]) await becomes(fleet, node, 200);
    await fleet.judged();
  });
});

test.skipIf(natsIsMissing())('tls:// is TLS, whose certificate is checked', async () => {
  using certificate = makeCertificate();
  const config = [`tls { cert_file: "${certificate.certFile}", key_file: "${certificate.keyFile}" }`];
  await using server = await NatsServer.start({ config });
  using folder = new Folder();
  const broker = server.url.replace('nats:', 'tls:');
  folder.write('fanfare.json', JSON.stringify({ anonymous: true, channels: {}, broker }));
  const args = ['serve', '--port', '0'];
  const { code, stderr } = await fanfare(args, { folder });
  expect(code).not.toBe(0);
  expect(stderr).toContain('certificate');
  const node = new FanfareProcess(args, { folder, env: { NODE_EXTRA_CA_CERTS: certificate.certFile } });
  await using _node = node;
  expect((await fetch(`${await node.listening()}/health/ready`)).status).toBe(200);
});

test('a NATS that cannot be reached is told at the start, without its password', async () => {
  using folder = new Folder();
  folder.write('fanfare.json', JSON.stringify({ anonymous: true, broker: 'nats://user:hunter2@127.0.0.1:1' }));
  const { code, stderr, stdout } = await fanfare(['serve', '--port', '0'], { folder });
  expect(code).not.toBe(0);
  expect(`${stdout}${stderr}`).toContain('127.0.0.1:1');
  expect(`${stdout}${stderr}`).not.toContain('hunter2');
});
