/** Runs each function twice, translated and as it is, and fails if one of the two says or asks anything that the other does not. */

import { isDeepStrictEqual } from 'node:util';
import type { Reply } from '../reply.js';
import { type Call, LuaMachine, type LuaRunner } from './machine.js';
import { ReferenceMachine } from './reference-machine.js';

interface Asked {
  readonly command: readonly string[];
  readonly reply: Reply;
}

export class TwinMachine implements LuaRunner {
  readonly #translated = new LuaMachine();
  readonly #reference = new ReferenceMachine();
  /** Functions that were run, by source. */
  readonly ran = new Set<string>();

  run(source: string, keys: readonly string[], args: readonly string[], call: Call): Reply {
    this.ran.add(source);
    const asked: Asked[] = [];
    const reply = this.#translated.run(source, keys, args, (command) => {
      const answer = call(command);
      asked.push({ command, reply: answer });
      return answer;
    });
    let next = 0;
    const expected = this.#reference.run(source, keys, args, (command) => {
      const twin = asked[next++];
      if (twin === undefined || !isDeepStrictEqual(twin.command, command)) {
        throw new Error(
          `command ${next} is ${JSON.stringify(command)}, and translated ${JSON.stringify(twin?.command)}`,
        );
      }
      return twin.reply;
    });
    if (next !== asked.length) throw new Error(`translated, it goes on with ${JSON.stringify(asked[next]?.command)}`);
    if (!isDeepStrictEqual(reply, expected)) {
      throw new Error(`it answers ${shown(expected)}, and translated ${shown(reply)}`);
    }
    return reply;
  }
}

function shown(reply: Reply): string {
  return reply instanceof Error ? reply.message : JSON.stringify(reply);
}
