// @ts-check
/** The process with the broker of one machine, as in `fanfare serve --workers`: `node local-host.mjs SOCKET`. */
import { LocalBrokerHost, systemClock, systemRandom } from './built.mjs';

const [path = ''] = process.argv.slice(2);
const host = new LocalBrokerHost({ clock: systemClock, random: systemRandom });
await host.listen(path);
console.log('listening');
