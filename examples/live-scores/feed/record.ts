/** Prints a match day, or a part of it, as lines of JSON for a replay. Run it: see README.md. */

import { parseArgs } from 'node:util';
import { recording } from '../match-day/recording.js';

const { values } = parseArgs({
  options: {
    day: { type: 'string', default: '1' },
    match: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
  },
});

const { day, match, from, to } = values;
const part = {
  day: Number(day),
  ...(match !== undefined && { match }),
  ...(from !== undefined && { from: Number(from) }),
  ...(to !== undefined && { to: Number(to) }),
};
for (const batch of recording(part)) process.stdout.write(`${JSON.stringify(batch)}\n`);
