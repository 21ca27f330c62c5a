/** HTTP/1.1 by hand over a TCP socket: any bytes out, whatever comes back in. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawResponse {
  readonly status: number;
  /** By lower-case name; the last of a repeated one. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Exchange {
  readonly responses: readonly RawResponse[];
  /** From the last byte sent to the first byte received; `undefined` when nothing came. */
  readonly answerMs: number | undefined;
  /** From the connection to its end. */
  readonly openMs: number;
}

/** A valid opening handshake (RFC 6455 section 4.1), with the given headers in place of its own. */
export function upgradeRequest(
  port: number,
  headers: Readonly<Record<string, string | readonly string[] | undefined>> = {},
  { method = 'GET', path = '/connection/websocket' } = {},
): string {
  const all: Record<string, string | readonly string[] | undefined> = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'AAECAwQFBgcICQoLDA0ODw==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}`),
  );
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** A TCP connection whose errors are its end and nothing else. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.on('error', () => socket.destroy());
  return socket;
}

/** Resolves when the connection is over, by whatever cause. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/**
 * Sends `bytes` and reads until the server ends the connection.
 *
 * @param drip when given, `bytes` are only the beginning: the socket is handed over to go on writing
 */
export async function exchange(
  port: number,
  bytes: string | Uint8Array,
  drip?: (socket: Socket) => () => void,
): Promise<Exchange> {
  const openedMs = performance.now();
  const socket = await openSocket(port);
  const received: Buffer[] = [];
  let sentMs = performance.now();
  let answeredMs: number | undefined;
  socket.on('data', (chunk: Buffer) => {
    answeredMs ??= performance.now();
    received.push(chunk);
  });
  const closed = closeOf(socket);
  socket.write(bytes, () => {
    sentMs = performance.now();
  });
  const stopDripping = drip?.(socket);
  await closed;
  stopDripping?.();
  return {
    responses: parseResponses(Buffer.concat(received).toString('latin1')),
    answerMs: answeredMs === undefined ? undefined : Math.max(0, answeredMs - sentMs),
    openMs: performance.now() - openedMs,
  };
}

/** The statuses alone, which is what most tests are about. */
export async function statusesOf(port: number, bytes: string | Uint8Array): Promise<readonly number[]> {
  return (await exchange(port, bytes)).responses.map(({ status }) => status);
}

/** All responses in a row; each has a Content-Length or is the last. */
export function parseResponses(text: string): RawResponse[] {
  const responses: RawResponse[] = [];
  let rest = text;
  while (rest.length > 0) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd === -1) throw new Error(`not an HTTP response: ${JSON.stringify(rest.slice(0, 200))}`);
    const [statusLine = '', ...lines] = rest.slice(0, headEnd).split('\r\n');
    const headers = new Map(lines.map((line) => splitHeader(line)));
    const length = Number(headers.get('content-length') ?? rest.length - headEnd - 4);
    const bodyStart = headEnd + 4;
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
    responses.push({ status, headers, body: rest.slice(bodyStart, bodyStart + length) });
    rest = rest.slice(bodyStart + length);
  }
  return responses;
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
