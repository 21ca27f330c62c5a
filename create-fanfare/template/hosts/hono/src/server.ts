/** Hono, with Fanfare beside it on the same port. */

import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { listening, type Running } from './listening.ts';
import { pageFile } from './page.ts';

/** @param port 0: any that is free */
export function start(port: number, host?: string): Promise<Running> {
  const web = new Hono();
  web.get('*', async (context) => {
    const file = await pageFile(context.req.path);
    if (file === undefined) return context.text('not found\n', 404);
    return context.body(file.text, 200, { 'Content-Type': file.type });
  });
  return listening(createServer(getRequestListener(web.fetch)), port, host);
}
