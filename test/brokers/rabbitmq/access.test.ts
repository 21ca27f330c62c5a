/** Users, virtual hosts, rights, several hosts and TLS of a real RabbitMQ server. */

import { afterAll, describe, expect, test } from 'vitest';
import { RabbitmqBroker } from '../../../src/brokers/rabbitmq/broker.js';
import { FanfareProcess, Folder, fanfare } from '../../cli/fanfare-process.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../../support/brokers/rabbitmq-server.js';
import { failure, json, ports, shared, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';
import { makeCertificate } from '../../support/programs/certificate.js';
import { freePort } from '../../support/programs/free-port.js';

const channel = channelName('news');

describe.skipIf(rabbitmqIsMissing())('access to RabbitMQ', () => {
  const folder = new Folder();
  const certificate = makeCertificate();

  const at = shared(async () => {
    const tlsPort = await freePort();
    const server = await RabbitmqServer.start({
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
    return Object.assign(server, { tlsPort });
  });
  afterAll(() => {
    certificate[Symbol.dispose]();
    folder[Symbol.dispose]();
  });

  test('a user with rights for the prefix alone, in a virtual host of its own, at the second of two hosts', async () => {
    const url = `amqp://ann:p%40ss%2Fword@127.0.0.1:1,127.0.0.1:${at().port}/a%2Fb`;
    const { broker, events } = await started(new RabbitmqBroker({ url, prefix: 'acl' }, ports));
    await broker.control.start('node', () => undefined);
    await broker.subscribe(channel);
    await broker.publish(channel, { data: json(1) }, {});
    await broker.publish(channel, { data: json(2) }, { stream });
    await broker.control.send('hello');
    await broker.probe();
    expect(events.values(channel).sort()).toEqual([1, 2]);
  });

  test('B112: who may not come in is told so, without the password', async () => {
    for (const url of [
      `amqp://ann:hunter2@127.0.0.1:${at().port}/a%2Fb`,
      `amqp://guest:guest@127.0.0.1:${at().port}/none`,
    ]) {
      const refused = await started(new RabbitmqBroker(url, ports)).catch((error: unknown) => error);
      expect(refused).toMatchObject(failure);
      expect(String(refused)).not.toContain('hunter2');
    }
  });

  test('TLS: with an authority that Node is told about, and not without', async () => {
    const file = folder.write('fanfare.json', JSON.stringify({ broker: `amqps://localhost:${at().tlsPort}` }));
    const args = ['serve', '--port', '0', '--config', file];
    await using node = new FanfareProcess(args, { folder, env: { NODE_EXTRA_CA_CERTS: certificate.certFile } });
    const url = await node.listening();
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    const { code, stderr, stdout } = await fanfare(args, { folder });
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain('certificate');
  });
});
