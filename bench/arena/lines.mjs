// @ts-check
/**
 * Lines of application code of the arena beside its twin on Socket.IO: what each of them needs to bring the same rooms, the same
 * game and the same page to players. Neither blank lines nor comments count; what both share does not either.
 */
import { fileURLToPath } from 'node:url';
import { linesOf } from '../shared/own-code.mjs';

export const arenaFiles = {
  fanfare: ['channels.ts', 'app.ts', 'rooms/fanfare-network.ts', 'page/match.ts'].map(
    (name) => `examples/arena/${name}`,
  ),
  socketio: ['messages', 'store', 'redis-store', 'network', 'rate-limit', 'server', 'match'].map(
    (name) => `bench/arena/twin/${name}.ts`,
  ),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [ours, twin] = [linesOf(arenaFiles.fanfare), linesOf(arenaFiles.socketio)];
  console.log(
    `lines of application code: ${ours} over Fanfare, ${twin} over Socket.IO, ${((100 * ours) / twin).toFixed(0)} %`,
  );
}
