// @ts-check
/** Lines of code that the application has to write on either side: without blank lines and comments. */
import { fileURLToPath } from 'node:url';
import { linesOf } from '../shared/own-code.mjs';

/**
 * Between the simulator and the views, which both share with the messages and the desk's tokens: server, feed, and the pages'
 * side of the wire.
 */
export const liveScoresFiles = {
  fanfare: ['app.ts', 'channels.ts', 'feed/publish.ts', 'page/live.ts'].map((file) => `examples/live-scores/${file}`),
  socketio: ['server.ts', 'numbered-log.ts', 'paced.ts', 'client.ts', 'story.ts', 'live.ts', 'client-error.ts'].map(
    (file) => `bench/live-scores/twin/${file}`,
  ),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [ours, twin] = [linesOf(liveScoresFiles.fanfare), linesOf(liveScoresFiles.socketio)];
  console.log(`live scores: ${ours} lines; on Socket.IO: ${twin} lines; ${((100 * ours) / twin).toFixed(0)} %`);
}
