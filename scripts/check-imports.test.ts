/** Proves that the import check bites: each forbidden import in a small made-up source tree is found where it stands. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkImports, entriesOf, folderRules, pictureIn, pictureOf } from './check-imports.mjs';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Writes the files and returns `file:line` of each violation. */
function placesOf(files: Record<string, string>, entries = ['index.ts', 'client/index.ts']): string[] {
  return check(files, entries).map(({ file, line }) => `${file}:${line}`);
}

function check(files: Record<string, string>, entries: string[]) {
  return checkTree(files, entries).violations;
}

function checkTree(files: Record<string, string>, entries: string[] = []) {
  const sourceDir = mkdtempSync(join(tmpdir(), 'fanfare-imports-'));
  folders.push(sourceDir);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(sourceDir, file)), { recursive: true });
    writeFileSync(join(sourceDir, file), text);
  }
  return checkImports({ sourceDir, entries });
}

const engine = { 'engine/hub.ts': 'export class Hub {}\n' };
const model = { 'model/codes.ts': 'export const codes = {};\n' };

describe('the import order', () => {
  it('accepts imports that go down', () => {
    const files = {
      ...model,
      'protocols/protocol.ts': "import { codes } from '../model/codes.js';\nexport const known = codes;\n",
      'engine/hub.ts':
        "import type { known } from '../protocols/protocol.js';\nexport class Hub { k?: typeof known }\n",
      'server/listen.ts':
        "import 'node:http';\nimport { Hub } from '../engine/hub.js';\nexport const hub = new Hub();\n",
    };
    expect(placesOf(files)).toEqual([]);
  });

  it('finds an upward import, on its line', () => {
    expect(
      placesOf({ ...engine, 'model/bad.ts': "\n// a comment\nimport { Hub } from '../engine/hub.js';\n" }),
    ).toEqual(['model/bad.ts:3']);
  });

  it('finds an upward import of a type, a dynamic one and one in a type expression', () => {
    const files = {
      ...engine,
      'model/a.ts': "import type { Hub } from '../engine/hub.js';\n",
      'model/b.ts': "export const load = () => import('../engine/hub.js');\n",
      'model/c.ts': "export type Hub = import('../engine/hub.js').Hub;\n",
    };
    expect(placesOf(files)).toEqual(['model/a.ts:1', 'model/b.ts:1', 'model/c.ts:1']);
  });

  it('finds an import past the door of a folder', () => {
    const files = {
      'brokers/nats/journal/journal.ts': "import { life } from './life.js';\nexport const journal = life;\n",
      'brokers/nats/journal/life.ts': 'export const life = 1;\n',
      'brokers/nats/broker.ts':
        "import { journal } from './journal/journal.js';\nimport { life } from './journal/life.js';\nexport const broker = [journal, life];\n",
    };
    expect(placesOf(files)).toEqual(['brokers/nats/broker.ts:2']);
  });

  it('finds an import between adapters', () => {
    const files = {
      'brokers/memory/broker.ts': "import { serve } from '../../http/serve.js';\n",
      'http/serve.ts': 'export const serve = 1;\n',
    };
    expect(placesOf(files)).toEqual(['brokers/memory/broker.ts:1']);
  });

  it('finds an import against the order of the rooms of the engine, of a type too', () => {
    const files = {
      'engine/fanout/hub.ts': "import type { Session } from '../sessions/session.js';\nexport class Hub {}\n",
      'engine/sessions/session.ts': "import { Hub } from '../fanout/hub.js';\nexport class Session extends Hub {}\n",
      'engine/sessions/commands/publish.ts': "import type { Node } from '../../node.js';\n",
      'engine/node.ts': 'export class Node {}\n',
    };
    expect(placesOf(files)).toContain('engine/fanout/hub.ts:1');
  });

  it('has no room that sees one further up', () => {
    const folders = Object.keys(folderRules);
    for (const [at, folder] of folders.entries()) {
      const { sees, seesTypesOf = [] } = folderRules[folder] ?? { sees: [] };
      const seen = [...sees, ...seesTypesOf].filter((place) => place in folderRules);
      expect(seen.filter((place) => folders.indexOf(place) > at)).toEqual([]);
    }
  });

  it('lets the engine see the protocol interface as a type only, and no protocol', () => {
    const files = {
      'protocols/protocol.ts': 'export const protocol = 1;\n',
      'protocols/centrifugal/json.ts': 'export type Json = 1;\n',
      'engine/a.ts': "import { protocol } from '../protocols/protocol.js';\n",
      'engine/b.ts': "import { type protocol } from '../protocols/protocol.js';\n",
      'engine/c.ts': "import type { Json } from '../protocols/centrifugal/json.js';\n",
    };
    expect(placesOf(files)).toEqual(['engine/a.ts:1', 'engine/b.ts:1', 'engine/c.ts:1']);
  });

  it('lets the client see types of the engine, never its values', () => {
    const typeOnly = { 'client/connect.ts': "import type { Hub } from '../engine/hub.js';\n" };
    expect(placesOf({ ...engine, ...typeOnly })).toEqual([]);
    const value = { 'client/connect.ts': "import { Hub } from '../engine/hub.js';\n" };
    expect(placesOf({ ...engine, ...value })).toEqual(['client/connect.ts:1']);
    const reExport = { 'client/index.ts': "export { Hub } from '../engine/hub.js';\n" };
    expect(placesOf({ ...engine, ...reExport })).toEqual(['client/index.ts:1']);
  });

  it("keeps Node's modules and packages out of the model and Node out of the client", () => {
    const files = {
      'model/a.ts': "import 'node:fs';\n",
      'model/b.ts': "import 'valibot';\n",
      'client/a.ts': "import 'events';\n",
      'client/b.ts': "import 'centrifuge';\n",
    };
    expect(placesOf(files)).toEqual(['client/a.ts:1', 'model/a.ts:1', 'model/b.ts:1']);
  });

  it('finds re-exports outside the entry files', () => {
    const files = {
      ...model,
      'index.ts': "export * from './model/codes.js';\n",
      'model/all.ts': "export { codes } from './codes.js';\n",
    };
    expect(placesOf(files)).toEqual(['model/all.ts:1']);
  });

  it('finds files in folders that have no rule', () => {
    expect(placesOf({ 'misc/a.ts': '\n', 'stray.ts': '\n', 'index.ts': '\n' })).toEqual(['misc/a.ts:1', 'stray.ts:1']);
  });

  it('leaves tests alone', () => {
    expect(placesOf({ ...engine, 'model/codes.test.ts': "import { Hub } from '../engine/hub.js';\n" })).toEqual([]);
  });
});

describe('cycles', () => {
  it('finds a cycle of value imports and names its files', () => {
    const files = {
      'engine/a.ts': "import './b.js';\n",
      'engine/b.ts': "import './c.js';\n",
      'engine/c.ts': "\nimport './a.js';\n",
    };
    const [violation, ...others] = check(files, []);
    expect(others).toEqual([]);
    expect(violation).toMatchObject({ file: 'engine/c.ts', line: 2 });
    expect(violation?.message).toContain('engine/a.ts → engine/b.ts → engine/c.ts → engine/a.ts');
  });

  it('finds a cycle that a type import closes', () => {
    const files = { 'engine/a.ts': "import './b.js';\n", 'engine/b.ts': "import type { A } from './a.js';\n" };
    expect(placesOf(files)).toEqual(['engine/b.ts:1']);
  });
});

describe('the picture of the rooms', () => {
  it('shows each room with those that it imports, the rooms of the engine apart', () => {
    const { imports } = checkTree({
      ...model,
      'engine/ports/clock.ts': "import '../../model/codes.js';\n",
      'engine/time/turn.ts': "import type { Clock } from '../ports/clock.js';\n",
      'http/health.ts': "import '../engine/time/turn.js';\n",
    });
    const lines = pictureOf(imports).split('\n');
    expect(lines).toEqual(expect.arrayContaining(['  engine      → model', '  http        → engine']));
    expect(lines.slice(lines.indexOf('src/engine/'))).toContain('  time        → ports');
  });

  it('is that of ARCHITECTURE.md', () => {
    const { imports } = checkImports({ sourceDir: 'src', entries: [] });
    expect(pictureIn(readFileSync('ARCHITECTURE.md', 'utf8'))).toBe(pictureOf(imports));
  });
});

it('reads the entries from package.json exports', () => {
  const exportsField = {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './client': { types: './dist/client/index.d.ts', default: './dist/client/index.js' },
    './package.json': './package.json',
  };
  expect(entriesOf(exportsField)).toEqual(['index.ts', 'client/index.ts']);
});
