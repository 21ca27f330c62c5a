/** Two nodes of the server as installed, with NATS between them, which also fails (F2, F4). */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
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
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  for (const node of [0, 1]) await fleet.follow(`at ${node}`, node, [channel]);
  const flow = fleet.flow(channel);
  await fleet.goesOn(flow, 20_000);
  return { fleet, flow };
}

describe.skipIf(natsIsMissing())('two nodes and NATS', () => {
  test('G8: presence is of both nodes, and of one when the other has died', { timeout: 90_000 }, async () => {
    await using server = await NatsServer.start();
    await using fleet = await ObservedFleet.start(server.url);
    using ann = await subscribed(fleet.urls[0] ?? '', channel);
    using _bob = await subscribed(fleet.urls[1] ?? '', channel);
    const presentAre = (numClients: number) =>
      vi.waitFor(async () => {
        expect(Object.keys((await ann.subscription.presence()).clients)).toHaveLength(numClients);
        expect((await ann.subscription.presenceStats()).numClients).toBe(numClients);
      }, 60_000);
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
    await fleet.during('F2 NATS is killed', { stopsBroker: true, losesHistory }, async () => {
      await server.kill();
      await vi.waitFor(async () => {
        const { code, tookMs } = await fleet.publish(channel, 0);
        expect(code).toBe(100);
        expect(tookMs).toBeLessThan(1_000);
      });
      await fleet.becomes(503);
      await lose(server);
      await server.startAgain();
    });
    // Who is told that something may be missing does not get what was published until then.
    await vi.waitFor(() => {
      for (const signals of fleet.signals(channel)) expect(signals).toBeGreaterThan(0);
    }, 15_000);
    await fleet.becomes(200);
    await fleet.goesOn(flow, 20_000);
    await fleet.judged();
  });

  test('F4 G2 G7 G10: the way of one node to it is cut, then a black hole, then one in each direction', {
    timeout: 180_000,
  }, async () => {
    await using server = await NatsServer.start();
    await using proxy = await FaultProxy.start({ port: server.port });
    const { fleet, flow } = await started([server.url, `nats://127.0.0.1:${proxy.port}`]);
    const faults = [
      ['cut', () => proxy.cut()],
      ['a black hole', () => proxy.setFaults({ blackHole: true })],
      ['a black hole toward it', () => proxy.setFaults({ blackHole: true }, 'toServer')],
      ['a black hole from it', () => proxy.setFaults({ blackHole: true }, 'toClient')],
    ] as const;
    for (const [name, begin] of faults) {
      await fleet.during(`F4 ${name}`, { cuts: ['node 1'] }, async () => {
        begin();
        await fleet.becomes(503, [1]);
        const { code, tookMs } = await fleet.publish(channel, 1);
        expect(code).toBe(100);
        expect(tookMs).toBeLessThan(5_000);
        // The other node never noticed.
        expect((await fleet.publish(channel, 0)).code).toBeUndefined();
        expect(await fleet.status(0, 'ready')).toBe(200);
        proxy.restore();
      });
      await fleet.becomes(200, [1]);
      await fleet.goesOn(flow, 20_000);
    }
    await fleet.judged();
    expect(fleet.signals(channel)[0]).toBe(0);
  });

  test('F6 G2 G7: it stands still for longer than anybody waits', { timeout: 90_000 }, async () => {
    await using server = await NatsServer.start();
    const { fleet, flow } = await started(server.url);
    await fleet.during('F6 NATS is stopped', { stopsBroker: true }, async () => {
      server.pause();
      await fleet.becomes(503);
      server.resume();
    });
    await fleet.goesOn(flow, 20_000);
    await fleet.becomes(200);
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
  await using node = new FanfareProcess(args, { folder, env: { NODE_EXTRA_CA_CERTS: certificate.certFile } });
  expect((await fetch(`${await node.listening()}/health/ready`)).status).toBe(200);
});
