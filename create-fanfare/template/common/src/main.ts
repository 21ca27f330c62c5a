/** Starts the server, and ends it in peace. */

import { start } from './server.ts';

const { url, close } = await start(Number(process.env.PORT ?? 8000), process.env.HOST);
console.log(`listening on ${url}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void close().then(() => process.exit(0)));
}
