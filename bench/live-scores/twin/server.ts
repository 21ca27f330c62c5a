/** The match day's server on Socket.IO: what has to be written where rooms and events are all that there is. */

import type { Server as HttpServer } from 'node:http';
import { jwtVerify } from 'jose';
import { Server, type Socket } from 'socket.io';
import * as v from 'valibot';
import { type DeskOptions, openDesk } from '../../../examples/live-scores/desk.js';
import type { Line } from '../../../examples/live-scores/match-day/lines.js';
import {
  type Alert,
  type Ball,
  type BoardRow,
  comment,
  type MatchEvent,
  type Sheet,
} from '../../../examples/live-scores/messages.js';
import { type Numbered, NumberedLog, type Position } from './numbered-log.js';
import { Paced } from './paced.js';

const kept = 500;
const closedMatchesAfterMs = 6 * 3_600_000;
const maxBallRate = 10;

const name = v.pipe(v.string(), v.regex(/^[\w-]{1,60}$/));
const rate = v.pipe(v.number(), v.minValue(0.001), v.maxValue(1_000));
const position = v.optional(
  v.object({ epoch: v.string(), number: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
);
const codes = v.pipe(v.array(name), v.maxLength(40));
const ticket = v.object({
  code: v.pipe(v.string(), v.maxLength(40)),
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(40)),
});

interface Said {
  readonly second: number;
  readonly text: string;
  readonly author: string;
}

interface Match {
  sheet: Sheet | undefined;
  ball: Ball | undefined;
  touchedAtMs: number;
  readonly events: NumberedLog<MatchEvent>;
  readonly commentary: NumberedLog<Said>;
}

interface Author {
  readonly name: string;
}

type Ack = (answer: unknown) => void;

export class TwinServer {
  readonly #io: Server;
  readonly #desk: DeskOptions;
  readonly #rows = new Map<string, BoardRow>();
  readonly #matches = new Map<string, Match>();
  readonly #boardRates: Paced<BoardRow>;
  readonly #ballRates: Paced<Ball>;

  constructor(http: HttpServer, desk: DeskOptions) {
    this.#desk = desk;
    this.#io = new Server(http, { transports: ['websocket'], serveClient: false });
    this.#boardRates = new Paced((room, rows) => this.#io.to(room).emit('rows', rows));
    this.#ballRates = new Paced((room, [newest]) => this.#io.to(room).volatile.emit('ball', newest));
    this.#io.use((socket, next) => {
      const { token } = socket.handshake.auth;
      if (token === undefined) next();
      else
        this.#authorOf(token).then(
          (author) => this.#enter(socket, author, next),
          () => next(new Error('invalid token')),
        );
    });
    this.#io.on('connection', (socket) => this.#serve(socket));
  }

  /** As the feed has it. */
  publish(lines: readonly Line[]): void {
    for (const { channel, data } of lines) {
      const [kind = '', id = ''] = channel.split(':');
      // safe, all: what the simulator has put there
      if (kind === 'board') this.#setRow(data as BoardRow);
      else if (kind === 'match') this.#setSheet(id, data as Sheet);
      else if (kind === 'ball') this.#setBall(id, data as Ball);
      else if (kind === 'events') this.#tell('event', id, this.#match(id).events.add(data as MatchEvent));
      else if (kind === 'alerts') this.#alert(data as Alert);
    }
  }

  async close(): Promise<void> {
    this.#boardRates.close();
    this.#ballRates.close();
    await this.#io.close();
  }

  #match(id: string): Match {
    let match = this.#matches.get(id);
    if (match === undefined) {
      this.#forgetOldMatches();
      match = {
        sheet: undefined,
        ball: undefined,
        touchedAtMs: Date.now(),
        events: new NumberedLog(kept),
        commentary: new NumberedLog(kept),
      };
      this.#matches.set(id, match);
    }
    return match;
  }

  #forgetOldMatches(): void {
    for (const [id, { touchedAtMs }] of this.#matches) {
      if (Date.now() - touchedAtMs < closedMatchesAfterMs) continue;
      this.#matches.delete(id);
      this.#rows.delete(id);
    }
  }

  #setRow(row: BoardRow): void {
    this.#rows.set(row.id, row);
    this.#boardRates.offer('board', row.id, row);
  }

  #setSheet(id: string, sheet: Sheet): void {
    const match = this.#match(id);
    match.sheet = sheet;
    match.touchedAtMs = Date.now();
    this.#io.to(`match:${id}`).emit('sheet', { id, sheet });
  }

  #setBall(id: string, ball: Ball): void {
    this.#match(id).ball = ball;
    this.#ballRates.offer(`ball:${id}`, id, ball);
  }

  #tell(event: 'event' | 'comment', id: string, numbered: Numbered<unknown>): void {
    this.#io.to(`match:${id}`).emit(event, { id, ...numbered });
  }

  #alert(alert: Alert): void {
    // A socket that is in both rooms gets it once.
    this.#io.to([`alerts:${alert.home.code}`, `alerts:${alert.away.code}`]).emit('alert', alert);
  }

  async #authorOf(token: unknown): Promise<Author> {
    const key = new TextEncoder().encode(this.#desk.tokenSecret);
    const { payload } = await jwtVerify(v.parse(v.string(), token), key, { algorithms: ['HS256'] });
    const claims = v.parse(
      v.object({
        exp: v.number(),
        info: v.object({ name: v.string() }),
        caps: v.array(v.object({ allow: v.array(v.string()) })),
      }),
      payload,
    );
    if (!claims.caps.some(({ allow }) => allow.includes('pub'))) throw new Error('may not publish');
    return claims.info;
  }

  #enter(socket: Socket, author: Author, next: () => void): void {
    socket.data.author = author;
    next();
  }

  #serve(socket: Socket): void {
    this.#handle(socket, 'watch board', v.object({ rate }), (input) => {
      this.#moveTo(socket, 'board', this.#boardRates, Math.min(input.rate, maxBallRate));
      return [...this.#rows.values()];
    });
    this.#handle(socket, 'leave board', v.object({}), () => this.#moveTo(socket, 'board', this.#boardRates));
    this.#handle(socket, 'watch ball', v.object({ id: name, rate }), (input) => {
      this.#moveTo(socket, `ball:${input.id}`, this.#ballRates, Math.min(input.rate, maxBallRate));
      return this.#matches.get(input.id)?.ball;
    });
    this.#handle(socket, 'leave ball', v.object({ id: name }), ({ id }) =>
      this.#moveTo(socket, `ball:${id}`, this.#ballRates),
    );
    this.#handle(socket, 'watch match', v.object({ id: name, events: position, comments: position }), (input) => {
      const match = this.#matches.get(input.id);
      void socket.join(`match:${input.id}`);
      if (match === undefined) return undefined;
      const since = (log: NumberedLog<unknown>, from: Position | undefined) => log.since(from);
      return {
        sheet: match.sheet,
        events: since(match.events, input.events),
        comments: since(match.commentary, input.comments),
      };
    });
    this.#handle(socket, 'leave match', v.object({ id: name }), ({ id }) => void socket.leave(`match:${id}`));
    const leaveAlerts = () => {
      for (const room of socket.rooms) if (room.startsWith('alerts:')) void socket.leave(room);
    };
    this.#handle(socket, 'watch alerts', v.object({ codes }), (input) => {
      leaveAlerts();
      void socket.join(input.codes.map((code) => `alerts:${code}`));
    });
    this.#handle(socket, 'leave alerts', v.object({}), leaveAlerts);
    this.#handle(socket, 'open desk', ticket, async (input) => {
      const token = await openDesk(input, this.#desk);
      if (token === undefined) throw new Error('that is not the code of the desk');
      return { token };
    });
    this.#handle(socket, 'say', v.object({ id: name, ...comment.entries }), ({ id, second, text }) => {
      const author: Author | undefined = socket.data.author;
      if (author === undefined) throw new Error('permission denied');
      this.#tell('comment', id, this.#match(id).commentary.add({ second, text, author: author.name }));
    });
    socket.on('disconnecting', () => {
      for (const room of socket.rooms) this.#ratesOf(room)?.leave(room);
    });
  }

  #ratesOf(room: string): Paced<BoardRow> | Paced<Ball> | undefined {
    if (room.startsWith('board@')) return this.#boardRates;
    return /^ball:.*@/.test(room) ? this.#ballRates : undefined;
  }

  /** A room for each rate; without one it is left. */
  #moveTo(socket: Socket, topic: string, rates: Paced<BoardRow> | Paced<Ball>, wanted?: number): void {
    for (const room of socket.rooms) {
      if (!room.startsWith(`${topic}@`)) continue;
      void socket.leave(room);
      rates.leave(room);
    }
    if (wanted === undefined) return;
    const room = rates.enter(topic, wanted);
    void socket.join(room);
  }

  /** Checks what comes, and answers with a result or an error. */
  #handle<Schema extends v.GenericSchema>(
    socket: Socket,
    event: string,
    schema: Schema,
    run: (input: v.InferOutput<Schema>) => unknown,
  ): void {
    socket.on(event, async (input: unknown, ack: Ack | undefined) => {
      const answer = typeof ack === 'function' ? ack : () => {};
      const parsed = v.safeParse(schema, input);
      if (!parsed.success) return answer({ error: 'bad request' });
      try {
        return answer({ result: await run(parsed.output) });
      } catch (error) {
        return answer({ error: error instanceof Error ? error.message : 'internal error' });
      }
    });
  }
}
