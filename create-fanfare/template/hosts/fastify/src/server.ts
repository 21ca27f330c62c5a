/** Fastify, with Fanfare beside it on the same port. */

import fastify from 'fastify';
import { listening, type Running } from './listening.ts';
import { pageFile } from './page.ts';

/** @param port 0: any that is free */
export async function start(port: number, host?: string): Promise<Running> {
  const web = fastify();
  for (const path of ['/', '/main.js']) {
    web.get(path, async (_, reply) => {
      const file = await pageFile(path);
      if (file === undefined) return reply.code(404).send('not found\n');
      return reply.type(file.type).send(file.text);
    });
  }
  await web.ready();
  return listening(web.server, port, host);
}
