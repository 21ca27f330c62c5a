/** Long polling over TLS and HTTP/1.1: a client's next poll may come before the server knows that its answer is written. */

import { Worker } from 'node:worker_threads';
import { channel, fanfare } from 'fanfare';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { makeCertificate } from '../../support/programs/certificate.js';

/** In a thread of its own, since the server has to be in the middle of its turn. Tells of each answer, and of the end. */
const client = `
  const { connect } = require('node:tls');
  const { parentPort, workerData: { port, ca } } = require('node:worker_threads');
  const socket = connect({ host: '127.0.0.1', port, ca, ALPNProtocols: ['http/1.1'] });
  let address;
  const poll = (body) => {
    const text = JSON.stringify(body);
    socket.write('POST /connection/long_polling HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/json\\r\\nContent-Length: ' + text.length + '\\r\\n\\r\\n' + text);
  };
  const commands = [{ id: 1, connect: {} }, { id: 2, subscribe: { channel: 'news' } }];
  poll({ data: commands.map((command) => JSON.stringify(command)).join('\\n') });
  socket.on('data', (bytes) => {
    const { seq, session, node } = JSON.parse(bytes.toString().trimEnd().split('\\n').at(-1));
    address ??= { session, node };
    poll({ ...address, ack: seq });
    parentPort.postMessage('answer');
  });
  socket.on('close', () => parentPort.postMessage('closed'));
`;

test('a client that polls again as soon as it has an answer stays on its connection', async () => {
  using tls = makeCertificate();
  const app = fanfare({
    anonymous: true,
    log: silentLogger,
    channels: { news: channel({ subscribe: 'anyone' }) },
  });
  onTestFinished(() => app.close(0));
  const { port } = await app.listen(0, { tls });
  const worker = new Worker(client, { eval: true, workerData: { port, ca: tls.cert } });
  onTestFinished(() => void worker.terminate());
  let answers = 0;
  const last = await new Promise((resolve) => {
    worker.on('message', (what) => {
      if (what === 'closed' || ++answers === 30) resolve(what);
      else void app.publish('news', answers);
    });
  });
  expect(last).toBe('answer');
});
