// @ts-check
/** Renders a saved result's report again: `node bench/end-to-end/render.mjs bench/results/latest.json > report.html`. */
import { readFileSync } from 'node:fs';
import { renderReport } from './page.mjs';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node bench/end-to-end/render.mjs RESULT.json > report.html');
  process.exitCode = 1;
} else {
  process.stdout.write(renderReport(JSON.parse(readFileSync(file, 'utf8'))));
}
