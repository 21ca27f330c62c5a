/** States in which a Redis answers and does not do its work: how each begins and ends, for nodes that log in as `node`. */

import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { RedisServer } from './redis-server.js';

/** The rights that nodes need in all of them. */
export const nodeUser = 'user node on >secret ~* &* +@all';

export function urlOfNode(server: RedisServer): string {
  return server.url.replace('//', '//node:secret@');
}

export type Send = (...command: string[]) => Promise<unknown>;

export interface RedisState {
  /** As `redisStates` calls it. */
  readonly named: string;
  begin(send: Send, server: RedisServer): Promise<unknown>;
  end(send: Send, server: RedisServer): Promise<unknown>;
}

const set = (option: string, value: string) => (send: Send) => send('CONFIG', 'SET', option, value);
const grant = (right: string) => (send: Send) => send('ACL', 'SETUSER', 'node', right);
const followNobody = (send: Send) => send('REPLICAOF', '127.0.0.1', '1');
const lead = (send: Send) => send('REPLICAOF', 'NO', 'ONE');
/** Ends the connections of the nodes. */
export const dropNodes = (send: Send) => send('CLIENT', 'KILL', 'USER', 'node');

const inTurn =
  (...steps: ((send: Send) => Promise<unknown>)[]) =>
  async (send: Send) => {
    for (const step of steps) await step(send);
  };

export const redisServerStates = {
  'no room for data': { named: 'OOM', begin: set('maxmemory', '100kb'), end: set('maxmemory', '0') },
  'a replica': { named: 'READONLY', begin: followNobody, end: lead },
  'a replica that takes writes, which its primary never hears of': {
    named: 'READONLY',
    begin: inTurn(set('replica-read-only', 'no'), followNobody),
    end: lead,
  },
  'a replica that has lost its primary and says nothing': {
    named: 'MASTERDOWN',
    begin: inTurn(set('replica-serve-stale-data', 'no'), followNobody),
    end: lead,
  },
  'a disk that takes no snapshot': {
    named: 'MISCONF',
    async begin(send, { folder }) {
      // What it saves cannot take this one's place.
      await mkdir(join(folder, 'dump.rdb'));
      await send('CONFIG', 'SET', 'save', '3600 1');
      await send('BGSAVE');
    },
    async end(send, { folder }) {
      await rmdir(join(folder, 'dump.rdb'));
      await send('BGSAVE');
    },
  },
  'too few replicas': {
    named: 'NOREPLICAS',
    begin: set('min-replicas-to-write', '1'),
    end: set('min-replicas-to-write', '0'),
  },
  'a script of somebody else that does not end': {
    named: 'BUSY',
    async begin(send, server) {
      await send('CONFIG', 'SET', 'busy-reply-threshold', '50');
      const client = await server.client();
      client.send(['EVAL', 'while true do end', '0']).catch(() => undefined);
      await vi.waitFor(() => expect(send('SET', 'x', '1')).rejects.toThrow('BUSY'));
    },
    end: (send) => send('SCRIPT', 'KILL'),
  },
  'a command that its user may not run': { named: 'NOPERM', begin: grant('-xadd'), end: grant('+xadd') },
  'another password': {
    named: 'NOAUTH',
    begin: inTurn((send) => send('ACL', 'SETUSER', 'node', 'resetpass', '>another'), dropNodes),
    end: grant('>secret'),
  },
  // Its own connections stay, and those of others that are let in while it is full.
  'no more connections': {
    named: 'maxclients',
    begin: inTurn(set('maxclients', '1'), dropNodes),
    end: set('maxclients', '100'),
  },
} as const satisfies Record<string, RedisState>;
