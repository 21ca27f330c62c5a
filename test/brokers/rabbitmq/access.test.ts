/** Users, virtual hosts, rights, several hosts and TLS of a real RabbitMQ server. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RabbitmqBroker } from '../../../src/brokers/rabbitmq/broker.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { FanfareProcess, Folder, fanfare } from '../../cli/fanfare-process.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../../support/brokers/rabbitmq-server.js';
import { channelName } from '../../support/engine/channel-name.js';
import { makeCertificate } from '../../support/programs/certificate.js';
import { freePort } from '../../support/programs/free-port.js';

const channel = channelName('news');
const ports = { clock: systemClock, random: systemRandom, log: silentLogger };

describe.skipIf(rabbitmqIsMissing())('access to RabbitMQ', () => {
  let server: RabbitmqServer;
  let tlsPort: number;
  const folder = new Folder();
  const certificate = makeCertificate();

  beforeAll(async () => {
    tlsPort = await freePort();
    server = await RabbitmqServer.start({
      config: [
        `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
        `ssl_options.cacertfile = ${certificate.certFile}`,
        `ssl_options.certfile = ${certificate.certFile}`,
        `ssl_options.keyfile = ${certificate.keyFile}`,
      ],
    });
    await server.control('add_vhost', 'a/b');
    await server.control('add_user', 'ann', 'p@ss/word');
    await server.control('set_permissions', '-p', 'a/b', 'ann', '^acl\\.', '^acl\\.', '^acl\\.');
  }, 90_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    certificate[Symbol.dispose]();
    folder[Symbol.dispose]();
  });

  test('a user with rights for the prefix alone, in a virtual host of its own, at the second of two hosts', async () => {
    const url = `amqp://ann:p%40ss%2Fword@127.0.0.1:1,127.0.0.1:${server.port}/a%2Fb`;
    const broker = new RabbitmqBroker({ url, prefix: 'acl' }, ports);
    const events = new RecordedEvents();
    await broker.start(events);
    await broker.control.start('node', () => undefined);
    await broker.subscribe(channel);
    await broker.publish(channel, { data: trustedJsonText('1') }, {});
    await broker.publish(channel, { data: trustedJsonText('2') }, { stream: { size: 5, ttlMs: 60_000 } });
    await broker.control.send('hello');
    await broker.probe();
    expect(events.values(channel).sort()).toEqual([1, 2]);
    await broker.close();
  });

  test('B112: who may not come in is told so, without the password', async () => {
    for (const url of [
      `amqp://ann:hunter2@127.0.0.1:${server.port}/a%2Fb`,
      `amqp://guest:guest@127.0.0.1:${server.port}/none`,
    ]) {
      const failure = await new RabbitmqBroker(url, ports).start(new RecordedEvents()).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'ERR_BROKER' });
      expect(String(failure)).not.toContain('hunter2');
    }
  });

  test('TLS: with an authority that Node is told about, and not without', async () => {
    const file = folder.write('fanfare.json', JSON.stringify({ broker: `amqps://localhost:${tlsPort}` }));
    const args = ['serve', '--port', '0', '--config', file];
    await using node = new FanfareProcess(args, { folder, env: { NODE_EXTRA_CA_CERTS: certificate.certFile } });
    const url = await node.listening();
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    const { code, stderr, stdout } = await fanfare(args, { folder });
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain('certificate');
  });
});
