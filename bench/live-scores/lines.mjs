// @ts-check
/** Lines of code that the application has to write on either side: without blank lines and comments. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Between the simulator and the views, which both share with the messages and the desk's tokens: server, feed, and the pages'
 * side of the wire.
 */
export const applications = {
  fanfare: ['app.ts', 'channels.ts', 'feed/publish.ts', 'page/live.ts'].map((file) => `examples/live-scores/${file}`),
  socketio: ['server.ts', 'numbered-log.ts', 'paced.ts', 'client.ts', 'story.ts', 'live.ts', 'client-error.ts'].map(
    (file) => `bench/live-scores/twin/${file}`,
  ),
};

/** @param {readonly string[]} files relative to the repository */
export function linesOf(files) {
  return files.reduce((sum, file) => sum + countLines(readFileSync(`${root}${file}`, 'utf8')), 0);
}

/** @param {string} source */
export function countLines(source) {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''));
  return code.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [ours, twin] = [linesOf(applications.fanfare), linesOf(applications.socketio)];
  console.log(`live scores: ${ours} lines; on Socket.IO: ${twin} lines; ${((100 * ours) / twin).toFixed(0)} %`);
}
