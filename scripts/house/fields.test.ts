import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publicMutableFields } from './fields.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanfare-fields-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function fieldsOf(source: string): string[] {
  const path = join(folder, 'some.ts');
  writeFileSync(path, source);
  return publicMutableFields(path, 'Some');
}

test('fields that anybody may write are named, whatever else there is', () => {
  const source = `class Other { theirs = 1; }
    export class Some {
      open = 1; readonly fixed = 2; private own = 3; #hidden = 4; static shared = 5; public typed: string | undefined;
      get read() { return 1; }
      constructor(public given: number, readonly kept: number, plain: number) {}
    }`;
  expect(fieldsOf(source)).toEqual(['open', 'typed', 'given']);
});

test('a class that is not there is an error', () => {
  expect(() => fieldsOf('class Other {}')).toThrow('no class Some');
});
