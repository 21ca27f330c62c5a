import { describe, expect, test } from 'vitest';
import { scanFrame } from './frame-scan.js';
import { formatMark, markIn, markOf, minPayloadBytes, payloadMaker } from './mark.js';

const payload = payloadMaker(128);
const largePayload = payloadMaker(2_000);

function publication(sequence: number, make = payload): string {
  const data = make({ run: 7, channel: 12, sequence, dueUs: 123_456_789 });
  return `{"push":{"channel":"load:13","pub":{"data":${data},"offset":${sequence}}}}`;
}

function scanned(frame: string): (string | number)[] {
  const found: (string | number)[] = [];
  // As it lies in a buffer that many share.
  const bytes = Buffer.from(`~before\n${frame}\n~behind`);
  scanFrame(bytes, '~before\n'.length, bytes.length - '\n~behind'.length, {
    onMark: (bytes, at) => found.push(markIn.sequence(bytes, at)),
    onLine: (line) => found.push(line),
  });
  return found;
}

describe('a frame', () => {
  test.each([
    ['one publication', [publication(1)], [1]],
    ['several', [publication(1), publication(2), publication(3)], [1, 2, 3]],
    ['large ones', [publication(1, largePayload), '{}', publication(2, largePayload)], [1, '{}', 2]],
    ['a ping alone', ['{}'], ['{}']],
    ['a ping between publications', [publication(1), '{}', publication(2)], [1, '{}', 2]],
    ['a ping at the end', [publication(4), '{}'], [4, '{}']],
    [
      'replies before and after',
      ['{"id":1,"publish":{}}', publication(9), '{"id":2}'],
      ['{"id":1,"publish":{}}', 9, '{"id":2}'],
    ],
    ['an event stream', [`data: ${publication(5)}`, '', 'data: {}', ''], [5, 'data: {}']],
    ['a tilde that is no mark', ['{"push":{"channel":"~a"}}'], ['{"push":{"channel":"~a"}}']],
    ['nothing', [''], []],
  ])('with %s', (_, lines, expected) => expect(scanned(lines.join('\n'))).toEqual(expected));
});

describe('a mark', () => {
  const mark = { run: 42, channel: 999_999, sequence: 123_456_789, dueUs: 9_876_543_210_123 };

  test('is read from bytes and from data alike', () => {
    const json = payload(mark);
    const bytes = Buffer.from(json);
    const at = bytes.indexOf('~');
    expect({
      run: markIn.run(bytes, at),
      channel: markIn.channel(bytes, at),
      sequence: markIn.sequence(bytes, at),
      dueUs: markIn.dueUs(bytes, at),
    }).toEqual(mark);
    expect(markOf(JSON.parse(json))).toEqual(mark);
  });

  test.each([minPayloadBytes, 128, 5_000])('publications have exactly %i bytes', (size) => {
    expect(Buffer.byteLength(payloadMaker(size)(mark))).toBe(size);
  });

  test.each([null, 'text', {}, { mark: 1 }, { mark: formatMark(mark).slice(1) }])('%j has none', (data) => {
    expect(markOf(data)).toBeUndefined();
  });
});
