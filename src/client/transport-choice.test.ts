/** What the choice learns from the SDK's events, which are made up here; the clock and the network are moved by hand. */

import { EventEmitter } from 'node:events';
import type { Centrifuge } from 'centrifuge';
import { beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import type { ConnectOptions } from './connect-options.js';
import { TransportChoice } from './transport-choice.js';

/** Echoes as a server does, or never opens. */
class ProbedSocket {
  static passes = false;
  static numMade = 0;
  readonly protocol = 'fanfare.probe';
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor() {
    ProbedSocket.numMade++;
    queueMicrotask(() => (ProbedSocket.passes ? this.onopen?.() : this.onerror?.()));
  }

  send(data: string): void {
    queueMicrotask(() => this.onmessage?.({ data }));
  }

  close(): void {}
}

let clock: FakeClock;
let sdk: EventEmitter;
let isOffline: boolean;
let numWaysUp: number;
let choice: TransportChoice;

beforeEach(() => {
  clock = new FakeClock();
  isOffline = false;
  numWaysUp = 0;
  ProbedSocket.passes = false;
  ProbedSocket.numMade = 0;
  choice = newChoice();
});

function newChoice(options: ConnectOptions = {}): TransportChoice {
  const made = new TransportChoice('https://example.com', { websocket: ProbedSocket, ...options }, () => numWaysUp++, {
    clock,
    random: { unit: () => 0.5 },
    isOffline: () => isOffline,
    onOnline: () => () => {},
  });
  sdk = new EventEmitter();
  // safe: all that is used of it is that one can listen
  made.watch(sdk as unknown as Pick<Centrifuge, 'on'>);
  return made;
}

const next = () => [choice.entry.transport, choice.entry.endpoint];
const failTransport = () => sdk.emit('error', { type: 'transport', error: { code: 2, message: 'transport closed' } });
const failConnect = (code: number) => sdk.emit('error', { type: 'connect', error: { code, message: '' } });
const connect = () => sdk.emit('connected', { client: 'c', transport: '' });
const lose = (code: number) => sdk.emit('connecting', { code, reason: '' });

it('gives the SDK one entry, which says something else after each failure', () => {
  const { entry } = choice;
  expect([entry.transport, entry.endpoint]).toEqual(['websocket', 'wss://example.com/connection/websocket']);
  failTransport();
  expect([entry.transport, entry.endpoint]).toEqual(['http_stream', 'https://example.com/connection/http_stream']);
  failTransport();
  expect([entry.transport, entry.endpoint]).toEqual(['sockjs', 'https://example.com/connection/long_polling']);
  failTransport();
  expect(entry.transport).toBe('websocket');
  expect(choice.options.emulationEndpoint).toBe('https://example.com/emulation');
});

it('blames the transport when the connect command is not answered, or the connection closes before', () => {
  failConnect(1);
  expect(next()[0]).toBe('http_stream');
  failConnect(11);
  expect(next()[0]).toBe('sockjs');
});

it('does not blame it for refusals and other answers of the server, nor for tokens that cannot be got', () => {
  for (const code of [100, 101, 109, 111, 112]) failConnect(code);
  for (const type of ['connectToken', 'connectData', 'refreshToken', 'refresh']) {
    sdk.emit('error', { type, error: { code: 5, message: '' } });
  }
  expect(next()[0]).toBe('websocket');
});

it('does not blame it for anything while the machine has no network', () => {
  isOffline = true;
  for (let n = 0; n < 5; n++) {
    failTransport();
    connect();
    lose(1);
  }
  expect(next()[0]).toBe('websocket');
});

it('does not blame it when the server or the application ends connections', () => {
  for (const code of [0, 3_001, 3_008, 3_012, 3_005]) {
    connect();
    lose(code);
  }
  connect();
  sdk.emit('disconnected', { code: 3_500, reason: 'invalid token' });
  connect();
  sdk.emit('disconnected', { code: 0, reason: 'disconnect called' });
  expect(next()[0]).toBe('websocket');
});

it.each([1, 2, 3, 4])('leaves it when two connections in a row soon end with code %s of the SDK', (code) => {
  connect();
  lose(code);
  expect(next()[0]).toBe('websocket');
  connect();
  lose(code);
  expect(next()[0]).toBe('http_stream');
});

it('says by what it is connected, and when it is not', () => {
  expect(choice.connectedBy).toBeUndefined();
  connect();
  expect(choice.connectedBy).toBe('websocket');
  lose(1);
  expect(choice.connectedBy).toBeUndefined();
  failTransport();
  failTransport();
  connect();
  expect(choice.connectedBy).toBe('long_polling');
  sdk.emit('disconnected', { code: 0, reason: '' });
  expect(choice.connectedBy).toBeUndefined();
});

it('finds out that WebSocket passes again, and says so while it is connected by another one', async () => {
  failTransport();
  connect();
  await clock.advance(30_000);
  expect(ProbedSocket.numMade).toBe(1);
  ProbedSocket.passes = true;
  await clock.advance(60_000);
  expect(ProbedSocket.numMade).toBe(2);
  expect(numWaysUp).toBe(0);
  await clock.advance(10_000);
  expect(numWaysUp).toBe(1);
  expect(next()[0]).toBe('websocket');
  // It does not ask again unless it has to go down again.
  sdk.emit('disconnected', { code: 0, reason: '' });
  connect();
  await clock.advance(1_000_000);
  expect(ProbedSocket.numMade).toBe(2);
});

it('takes the way up with the next attempt when it is just not connected', async () => {
  failTransport();
  connect();
  ProbedSocket.passes = true;
  await clock.advance(35_000);
  lose(1);
  await clock.advance(5_000);
  expect(numWaysUp).toBe(0);
  expect(next()[0]).toBe('websocket');
});

it('asks sooner where WebSocket has worked, and never while it is the one', async () => {
  connect();
  await clock.advance(100_000);
  expect(ProbedSocket.numMade).toBe(0);
  lose(1);
  failTransport();
  failTransport();
  connect();
  expect(choice.connectedBy).toBe('http_stream');
  await clock.advance(5_000);
  expect(ProbedSocket.numMade).toBe(1);
});

it('leaves nothing behind', async () => {
  failTransport();
  connect();
  sdk.emit('disconnected', { code: 0, reason: '' });
  choice.close();
  expect(clock.numTimers).toBe(0);
});

it('asks only where WebSocket is the best of several', async () => {
  for (const transports of [['websocket'], ['http_stream', 'websocket'], ['http_stream', 'long_polling']] as const) {
    choice = newChoice({ transports });
    failTransport();
    connect();
    await clock.advance(1_000_000);
  }
  expect(ProbedSocket.numMade).toBe(0);
});
