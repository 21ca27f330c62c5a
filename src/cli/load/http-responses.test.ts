import { describe, expect, test } from 'vitest';
import { HttpResponses } from './http-responses.js';

function parser(isStream: boolean) {
  const seen: unknown[] = [];
  const responses = new HttpResponses(isStream, {
    onResponse: (status, body) => seen.push([status, body.toString()]),
    onPart: (part) => seen.push(part.toString()),
    onStream: (state) => seen.push(state),
    onInvalid: () => seen.push('invalid'),
  });
  return { seen, read: (text: string) => responses.read(Buffer.from(text)) };
}

const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const empty = 'HTTP/1.1 204 No Content\r\n\r\n';
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3;x=y\r\ntwo\r\n0\r\n\r\n';

describe('answers', () => {
  test.each([
    ['with a length', whole, [[200, 'hello']]],
    ['without a body', empty, [[204, '']]],
    ['in chunks', chunked, [[200, 'onetwo']]],
    [
      'several at once',
      whole + empty + chunked + whole,
      [
        [200, 'hello'],
        [204, ''],
        [200, 'onetwo'],
        [200, 'hello'],
      ],
    ],
    ['that are none', 'SSH-2.0-OpenSSH\r\n\r\n', ['invalid']],
    ['with a chunk that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', ['invalid']],
  ])('%s, however they are cut', (_, text, expected) => {
    const inOne = parser(false);
    inOne.read(text);
    expect(inOne.seen).toEqual(expected);
    const byByte = parser(false);
    for (const character of text) byByte.read(character);
    expect(byByte.seen).toEqual(expected);
  });

  test('a stream passes on its parts as they come', () => {
    const { seen, read } = parser(true);
    read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    read('3\r\none\r\n');
    read('3\r\ntwo');
    expect(seen).toEqual(['open', 'one']);
    read('\r\n0\r\n\r\n');
    expect(seen).toEqual(['open', 'one', 'two', 'over']);
  });

  test('a stream may end with its connection', () => {
    const { seen, read } = parser(true);
    read('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none');
    read('two');
    expect(seen).toEqual(['open', 'one', 'two']);
  });

  test('a refusal of a stream is an answer', () => {
    const { seen, read } = parser(true);
    read('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno');
    expect(seen).toEqual([[503, 'no']]);
  });
});
