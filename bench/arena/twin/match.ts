/**
 * The page's side of a room over Socket.IO, in the place of examples/arena/page/match.ts: entering again after a lost connection,
 * ticks in order, the scoreboard from a state and numbered changes.
 */

import { encodeInput, type Input } from '../../../examples/arena/game/input-codec.js';
import type { Tick } from '../../../examples/arena/game/tick.js';
import { decodeTick } from '../../../examples/arena/game/tick-codec.js';
import type { Score } from '../../../examples/arena/rooms/seat.js';
import { io, type Socket } from '../../../node_modules/socket.io/client-dist/socket.io.esm.min.js';
import type { Answer, Entered, ScoreChange, ScoreState } from './messages.js';

export interface MatchListener {
  onTick(tick: Tick): void;
  onScores(scores: Iterable<readonly [player: string, score: Score]>): void;
  onRoundTrip(ms: number): void;
}

/** What the page shows of the connection. */
export interface Status {
  readonly state: 'connecting' | 'connected' | 'disconnected';
  readonly isReconnecting: boolean;
  readonly cause?: { readonly reason: string };
}

export interface ArenaClient {
  readonly socket: Socket;
  status: Status;
}

const answerMs = 5_000;
/** A tick whose number is lower by more is one of a node that took the room over from a memory that is gone. */
const restartTicks = 1_000;

export function connectToArena(url: string, secret: string, _websocket: unknown): ArenaClient {
  const socket = io(url, { auth: { secret }, transports: ['websocket', 'polling'], reconnectionDelayMax: 2_000 });
  const client: ArenaClient = { socket, status: { state: 'connecting', isReconnecting: false } };
  let wasConnected = false;
  socket.on('connect', () => {
    wasConnected = true;
    client.status = { state: 'connected', isReconnecting: false };
  });
  socket.on('disconnect', () => {
    client.status = { state: 'connecting', isReconnecting: true };
  });
  socket.on('connect_error', (error: Error) => {
    client.status = { state: 'connecting', isReconnecting: wasConnected, cause: { reason: error.message } };
  });
  return client;
}

async function ask<Result>({ socket }: ArenaClient, event: string, ...args: unknown[]): Promise<Result> {
  // safe: the server's own answers
  const answer = (await socket.timeout(answerMs).emitWithAck(event, ...args)) as Answer<Result>;
  if (!answer.ok) throw Object.assign(new Error(answer.message), { protocolCode: answer.code });
  return answer.result;
}

export class Match {
  #scores = new Map<string, Score>();
  #version = 0;
  /** Changes that came before the state that they belong to. */
  #early: ScoreChange[] = [];
  #hasState = false;
  #lastTick = 0;
  #isIn = true;
  #isLeft = false;

  private constructor(
    private readonly client: ArenaClient,
    readonly room: string,
    readonly player: string | undefined,
    private readonly listener: MatchListener,
  ) {
    const { socket } = client;
    socket.on('tick', this.#onTick);
    socket.on('score', this.#onScore);
    socket.on('disconnect', this.#onDisconnect);
    socket.on('connect', this.#onConnect);
  }

  static async play(
    client: ArenaClient,
    wish: { name: string; room?: string },
    listener: MatchListener,
  ): Promise<Match> {
    return Match.#enter(client, await ask<Entered>(client, 'play', wish), listener);
  }

  static async watch(client: ArenaClient, wish: { room?: string }, listener: MatchListener): Promise<Match> {
    return Match.#enter(client, await ask<Entered>(client, 'watch', wish), listener);
  }

  static #enter(client: ArenaClient, entered: Entered, listener: MatchListener): Match {
    const match = new Match(client, entered.room, entered.player, listener);
    // After the caller knows of the match.
    setTimeout(() => match.#take(entered));
    return match;
  }

  get isLive(): boolean {
    return this.client.socket.connected && this.#isIn;
  }

  press(input: Input): void {
    const sentAtMs = performance.now();
    // Volatile: what was pressed without a connection must not be sent later.
    this.client.socket.volatile.emit('input', this.room, encodeInput(input), () => {
      this.listener.onRoundTrip(performance.now() - sentAtMs);
    });
  }

  leave(): void {
    this.#isLeft = true;
    const { socket } = this.client;
    socket.emit('leave', this.room);
    socket.off('tick', this.#onTick);
    socket.off('score', this.#onScore);
    socket.off('disconnect', this.#onDisconnect);
    socket.off('connect', this.#onConnect);
  }

  readonly #onDisconnect = () => {
    this.#isIn = false;
    this.#hasState = false;
  };

  readonly #onConnect = async () => {
    try {
      const wish = { room: this.room, isPlayer: this.player !== undefined };
      const entered = await ask<Entered>(this.client, 'resume', wish);
      if (this.#isLeft) return;
      this.#isIn = true;
      this.#take(entered);
    } catch {
      // It did not answer: the next connection tries again.
      this.#isIn = false;
    }
  };

  #take({ scores, tick }: Entered): void {
    this.#takeState(scores);
    if (tick !== undefined) this.#onTick(tick);
  }

  readonly #onTick = (bytes: ArrayBuffer | Uint8Array) => {
    const tick = decodeTick(new Uint8Array(bytes));
    if (tick === undefined) return;
    const isOld = tick.number <= this.#lastTick && this.#lastTick - tick.number < restartTicks;
    if (isOld) return;
    this.#lastTick = tick.number;
    this.listener.onTick(tick);
  };

  readonly #onScore = (change: ScoreChange) => {
    if (!this.#hasState) {
      this.#early.push(change);
      return;
    }
    if (change.version <= this.#version) return;
    if (change.version > this.#version + 1) {
      void this.#askForState(change);
      return;
    }
    this.#apply(change);
    this.listener.onScores(this.#scores);
  };

  /** A change is missing. */
  async #askForState(change: ScoreChange): Promise<void> {
    this.#hasState = false;
    this.#early.push(change);
    try {
      const state = await ask<ScoreState>(this.client, 'scores', this.room);
      if (!this.#isLeft) this.#takeState(state);
    } catch {
      // The connection is gone: the next one begins with the state.
      this.#hasState = false;
    }
  }

  #takeState({ version, scores }: ScoreState): void {
    this.#scores = new Map(scores);
    this.#version = version;
    this.#hasState = true;
    const early = this.#early.splice(0).sort((a, b) => a.version - b.version);
    for (const change of early) if (change.version === this.#version + 1) this.#apply(change);
    this.listener.onScores(this.#scores);
  }

  #apply({ version, player, score }: ScoreChange): void {
    this.#version = version;
    if (score === undefined) this.#scores.delete(player);
    else this.#scores.set(player, score);
  }
}
