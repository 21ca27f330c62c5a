// @ts-check
/**
 * Lines of application code of the arena beside its twin on Socket.IO: what each of them needs to bring the same rooms, the same
 * game and the same page to players. Neither blank lines nor comments count; what both share does not either.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);

export const FILES = {
  fanfare: ['channels.ts', 'app.ts', 'rooms/fanfare-network.ts', 'page/match.ts'].map(
    (name) => `examples/arena/${name}`,
  ),
  socketio: ['messages', 'store', 'redis-store', 'network', 'rate-limit', 'server', 'match'].map(
    (name) => `bench/arena/twin/${name}.ts`,
  ),
};

/** @param {keyof typeof FILES} which */
export function linesOf(which) {
  return FILES[which].reduce((sum, file) => sum + codeLines(readFileSync(new URL(file, ROOT), 'utf8')), 0);
}

/** @param {string} text */
function codeLines(text) {
  const withoutComments = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
  return withoutComments.split('\n').filter((line) => line.trim() !== '').length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [ours, twin] = [linesOf('fanfare'), linesOf('socketio')];
  console.log(
    `lines of application code: ${ours} over Fanfare, ${twin} over Socket.IO, ${((100 * ours) / twin).toFixed(0)} %`,
  );
}
