// @ts-check
/** `npm run site:serve`: shows the site, which it builds if it is not there. `-- --port 4000 --api http://127.0.0.1:8000` */

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { html } from './places.mjs';
import { serveSite } from './server.mjs';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '4000' }, api: { type: 'string', default: 'http://127.0.0.1:8000' } },
});
if (!existsSync(html)) await import('./build.mjs');
const { url } = await serveSite({ port: Number(values.port), api: values.api });
console.log(`the documentation is at ${url}; calls of the HTTP API go to ${values.api}`);
