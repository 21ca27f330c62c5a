// @ts-check
/** `node:http` alone: reads the JSON of each request and answers that it was published. A lower bound for the API. */
import { createServer } from 'node:http';
import { hostNode } from '../../brokers/node-host.mjs';
import { listenOnLoopback } from '../../servers/loopback.mjs';

hostNode(async () => {
  const http = createServer((request, response) => {
    /** @type {Buffer[]} */
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      JSON.parse(Buffer.concat(chunks).toString());
      response.setHeader('Content-Type', 'application/json');
      response.end('{"result":{}}');
    });
  });
  return { version: process.version, port: await listenOnLoopback(http), publish() {}, reached: () => 0 };
});
