/**
 * Writes into docs/conformance.md what an attack has told that ended well: `npm run test:nightly -- --write` calls it with the
 * script, the file with what was said, the seconds that it took, and the script's own arguments.
 */

import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { attacks, toldBy, writePage } from './page.js';
import { writeRun } from './results.js';

const [script = '', log = '', tookSec = '', ...args] = process.argv.slice(2);
const attack = attacks.find((one) => one.script === script);
if (attack?.told !== undefined) {
  const told = toldBy(attack.told, stripVTControlCharacters(readFileSync(log, 'utf8')));
  if (told.length === 0) throw new Error(`${script} has not told what came of it: ${log}`);
  writeRun(script, { args, told, tookSec: Number(tookSec) });
  writePage();
}
