// @ts-check
/** What an application has to write itself: its lines of code, and those of them that do what a package could do. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Of connecting again, catching up, what comes twice, and what is left out. */
const deliveryWords =
  /reconnect|resubscri|resume|catch.?up|caught.?up|recovered|recovering|dedup|duplicat|resync|backoff|retry|retries|volatile|dropped|\bdrop\(|missing|\bepoch\b|\bsince\b|sequence|\bgap\b/i;

/** @param {readonly string[]} files relative to the repository */
export function linesOf(files) {
  return files.reduce((sum, file) => sum + codeOf(file).length, 0);
}

/** @param {readonly string[]} files @returns their lines about delivery, each behind the name of its file */
export function linesAboutDelivery(files) {
  return files.flatMap((file) =>
    codeOf(file)
      .filter((line) => deliveryWords.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
}

/** @param {string} folder of an example @returns its programs in TypeScript, tests left out */
export function sourcesIn(folder) {
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
    .map((file) => `${folder}/${file}`)
    .sort();
}

/** @param {string} source @returns its lines without blank ones and comments */
export function codeLines(source) {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''));
  return code.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
}

/** @param {string} file */
function codeOf(file) {
  return codeLines(readFileSync(`${root}${file}`, 'utf8'));
}
