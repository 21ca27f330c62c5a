import { describe, expect, it } from 'vitest';
import { partsOf } from './links.js';

const links = (text: string) => partsOf(text).flatMap(({ href }) => href ?? []);

describe('partsOf', () => {
  it.each([
    'no address',
    'see https://example.com/a?b=c#d, and (http://x.example/y_(z)).',
    'https://a.example https://b.example\nhttps://c.example',
    'https://',
    '',
  ])('loses nothing of %j', (text) => {
    expect(
      partsOf(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
  });

  it('leaves out what belongs to the sentence', () => {
    expect(links('see https://example.com/a?b=c#d, and (http://x.example/y_(z)).')).toEqual([
      'https://example.com/a?b=c#d',
      'http://x.example/y_(z)',
    ]);
    expect(links('Really? https://example.com/?!')).toEqual(['https://example.com/']);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'ftp://example.com/a',
    'xhttps://example.com',
    'https://bank.example@evil.example/',
    'https://user:password@example.com/',
    'https://[broken',
    'vbscript:https',
  ])('makes no link of %s', (text) => expect(links(text)).toEqual([]));

  it('ends an address before markup and quotes, and encodes what is left', () => {
    expect(links('https://example.com/"onmouseover="alert(1)')).toEqual(['https://example.com/']);
    expect(links('https://example.com/<img src=x>')).toEqual(['https://example.com/']);
  });
});
