/** Tests whether WebSocket works: opens one without a session, gets a message echoed, and later another one. */

import type { ClientPorts } from './client-ports.js';
import type { WebSocketConstructor } from './connect-options.js';

/** Servers that support it echo messages and open no session. See PROTOCOL.md. */
const subprotocol = 'fanfare.probe';

/** The part of `WebSocket` that it uses. */
interface ProbeSocket {
  readonly protocol: string;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  send(data: string): void;
  close(): void;
}

interface ProbeOptions {
  readonly url: string;
  readonly websocket: WebSocketConstructor;
  readonly clock: ClientPorts['clock'];
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long it has to stay open, in milliseconds. */
  readonly holdMs: number;
}

/**
 * @param onResult called once, unless the probe is cancelled
 * @returns cancels it
 */
export function probeWebSocket(options: ProbeOptions, onResult: (passes: boolean) => void): () => void {
  const { url, websocket, clock, timeoutMs, holdMs } = options;
  let socket: ProbeSocket;
  try {
    // safe: a `WebSocket` class makes such objects
    socket = new websocket(url, subprotocol) as ProbeSocket;
  } catch {
    // The page may not open a WebSocket: it does not work.
    return clock.schedule(() => onResult(false), 0);
  }
  const end = () => {
    cancelTimer();
    socket.onopen = socket.onmessage = socket.onclose = null;
    // Some throw when they are closed before they are open.
    socket.onerror = () => {};
    socket.close();
  };
  const finish = (passes: boolean) => {
    end();
    onResult(passes);
  };
  const fail = () => finish(false);
  let cancelTimer = clock.schedule(fail, timeoutMs);
  let [waitsFor, numAnswers] = ['', 0];
  const ask = () => {
    waitsFor = `${numAnswers}?`;
    socket.send(waitsFor);
  };
  socket.onopen = () => (socket.protocol === subprotocol ? ask() : fail());
  socket.onmessage = ({ data }) => {
    if (data !== waitsFor) return fail();
    cancelTimer();
    if (++numAnswers === 2) return finish(true);
    cancelTimer = clock.schedule(() => {
      cancelTimer = clock.schedule(fail, timeoutMs);
      ask();
    }, holdMs);
  };
  socket.onclose = socket.onerror = fail;
  return end;
}
