// @ts-check
/** The process that holds the broker of one machine, as `fanfare serve --workers` does: `node local-host.mjs SOCKET`. */
import { LocalBrokerHost, systemClock, systemRandom } from './built.mjs';

const [path = ''] = process.argv.slice(2);
const host = new LocalBrokerHost({ clock: systemClock, random: systemRandom });
await host.listen(path);
console.log('listening');
