// @ts-check
/** A fan of the example: sends what its page has sent, byte for byte, and reads documents and events out of protobuf. */
import { WebSocket } from 'ws';
import { anyOf, connect, tag } from '../../dist/client/index.js';
import { protobuf } from '../../dist/client/protobuf/index.js';
import { EMPTY, fieldsOf, messagesOf } from '../shared/protobuf.mjs';

/** Numbers of fields in client.proto of the protocol. */
const SUBSCRIBE = 5;
const REPLY = { id: 1, error: 2, push: 4, subscribe: 6 };
const PUSH = { channel: 2, publication: 4 };
const OFFSET = 6;
const COLON = 0x3a;
/** What channels have of which the fans tell, by the beginning of their names. @type {ReadonlyMap<string, 'sheets' | 'events'>} */
const KINDS = new Map([
  ['match', 'sheets'],
  ['events', 'events'],
]);

/** @typedef {{ bytes: Buffer, channels: number }} Greeting channels: how many */

/**
 * What the example's client sends to connect and to subscribe as the page of a match does.
 * @param {import('./fans.mjs').Final} final
 * @param {number} maxRate of the ball
 * @returns {Promise<Greeting>}
 */
export async function greetingOf({ port, match, team }, maxRate) {
  /** @type {Buffer[]} */
  const sent = [];
  class Recorded extends WebSocket {
    /** @override @param {Parameters<WebSocket['send']>[0]} data */
    send(data) {
      sent.push(Buffer.from(/** @type {Uint8Array} */ (data)));
      super.send(data);
    }
  }
  const client = connect(`http://127.0.0.1:${port}`, { codec: protobuf, websocket: Recorded });
  const subscriptions = [
    client.channel(`match:${match}`, { delta: true }),
    client.channel(`events:${match}`),
    client.channel(`ball:${match}`, { maxRate }),
    client.channel(`commentary:${match}`),
    client.channel('alerts', { filter: anyOf(tag('home').isOneOf(team), tag('away').isOneOf(team)) }),
  ];
  await Promise.all(subscriptions.map((subscription) => subscription.ready()));
  // In one frame: it does not wait for the answer to its connect.
  const [bytes = EMPTY, ...rest] = sent.filter((frame) => !frame.equals(EMPTY));
  client.close();
  let channels = 0;
  for (const command of messagesOf(bytes, 0, bytes.length)) {
    if (command.some(({ number }) => number === SUBSCRIBE)) channels++;
  }
  if (rest.length > 0 || channels !== subscriptions.length) throw new Error('the page greets in another way');
  return { bytes, channels };
}

/**
 * @param {(maxRate: number) => Greeting} greetingFor
 * @returns {import('./fans.mjs').Dialect}
 */
export const fanfareDialect = (greetingFor) => (raw, fan) => {
  const { bytes: greeting, channels } = greetingFor(fan.rate);
  let numAnswered = 0;
  /** @param {Buffer} bytes @param {number} from @param {number} to */
  const pushed = (bytes, from, to) => {
    let kind;
    for (const { number, from: start, to: end } of fieldsOf(bytes, from, to)) {
      if (number === PUSH.channel) kind = KINDS.get(bytes.toString('latin1', start, bytes.indexOf(COLON, start)));
      if (number !== PUSH.publication || kind === undefined) continue;
      const offset = fieldsOf(bytes, start, end).find((field) => field.number === OFFSET);
      fan.take(kind, offset?.value ?? 0);
    }
  };
  return {
    open: () => raw.sendBytes(greeting),
    binary(bytes, from, to) {
      for (const reply of messagesOf(bytes, from, to)) {
        const [first] = reply;
        if (first === undefined) raw.sendBytes(EMPTY);
        else if (first.number === REPLY.push) pushed(bytes, first.from, first.to);
        else if (first.number === REPLY.id) {
          const [, body] = reply;
          if (body?.number === REPLY.error) throw new Error(`refused: ${bytes.toString('latin1', body.from, body.to)}`);
          if (body?.number === REPLY.subscribe && ++numAnswered === channels) fan.ready();
        }
      }
    },
  };
};
