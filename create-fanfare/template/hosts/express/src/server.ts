/** Express, with Fanfare beside it on the same port. */

import { createServer } from 'node:http';
import express from 'express';
import { listening, type Running } from './listening.ts';
import { pageFile } from './page.ts';

/** @param port 0: any that is free */
export function start(port: number, host?: string): Promise<Running> {
  const web = express();
  web.get(['/', '/main.js'], async (request, response) => {
    const file = await pageFile(request.path);
    if (file === undefined) response.status(404).send('not found\n');
    else response.type(file.type).send(file.text);
  });
  return listening(createServer(web), port, host);
}
