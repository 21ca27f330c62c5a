// @ts-check
/** The chat example, as it is built, in a function: it gets events from its parent process. */
import { lambda, redisStore } from '../../../dist/aws/index.js';
import { chatApp } from '../../../dist/examples-chat/app.mjs';
import { context, errorsAlone, serveEvents } from './serve-events.mjs';

const [url = '', prefix = '', endpoint = '', times = '{}'] = process.argv.slice(2);

const store = redisStore({ url, prefix });
const handler = lambda(chatApp({ log: errorsAlone }), { store, endpoint, times: JSON.parse(times) });

serveEvents((event) => handler(event, { ...context }));
