// @ts-check
/**
 * Compiles programs of users against what is published, without `skipLibCheck`: with the least TypeScript that
 * docs/guide/getting-started.md promises and with today's, as ES modules and as CommonJS, with and without Node's types.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './run-npm.mjs';
import { root, setupOrExit } from './setup.mjs';

setupOrExit();

const leastVersion = '5.4.5';
// Not a dependency: its `tsc` would take the place of the other one.
const least = join(root, '.cache', `typescript-${leastVersion}`);
const folder = join(root, '.cache', 'user-types');

const programs = {
  'server.ts': `import { channel, fanfare, rpc } from 'fanfare';
import * as v from 'valibot';
import { z } from 'zod';
const app = fanfare({
  anonymous: true,
  channels: {
    'chat:{room}': channel({ message: z.object({ text: z.string() }), subscribe: 'anyone', history: { size: 10, ttl: '1m' } }),
    'score:{id}': channel({ message: v.object({ home: v.number() }), subscribe: ({ user, params }) => user !== params.id }),
    news: channel(),
  },
  rpc: { add: rpc({ input: z.object({ a: z.number(), b: z.number() }), run: ({ a, b }) => a + b }) },
});
export type App = typeof app;
await app.listen(0);
await app.publish('chat:lobby', { text: 'hello' });
await app.publish('score:1', { home: 1 });
// @ts-expect-error no such channel
await app.publish('chats:lobby', { text: 'hello' });
// @ts-expect-error no such property
await app.publish('chat:lobby', { txt: 'hello' });
export const text: string | undefined = (await app.history('chat:lobby')).publications[0]?.data.text;
`,
  'client.ts': `import { connect } from 'fanfare/client';
import type { App } from './server.js';
const client = connect<App>('ws://localhost:8000');
const room = client.channel('chat:lobby');
room.on('message', ({ data }) => console.log(data.text.toUpperCase()));
for await (const { data } of room) console.log(data.text.toUpperCase());
export const sum: number = await client.rpc('add', { a: 1, b: 2 });
// @ts-expect-error no such channel
client.channel('rom:1');
// @ts-expect-error no such procedure
await client.rpc('subtract');
`,
  'page.ts': `import { connect } from 'fanfare/client';
connect('/').channel('chat:lobby').on('message', ({ data }) => document.body.append(String(data)));
`,
  'component.tsx': `import { connect } from 'fanfare/client';
import { createFanfare } from 'fanfare/react';
import type { App } from './server.js';
const { FanfareProvider, useChannel } = createFanfare<App>();
function Room({ name }: { name: string }) {
  const { messages } = useChannel(\`chat:\${name}\`, { history: 10 });
  return <>{messages.map(({ data }) => <p>{data.text}</p>)}</>;
}
export const page = <FanfareProvider client={connect<App>('/', { lazy: true })}><Room name="lobby" /></FanfareProvider>;
`,
  'required.cts': `import { channel, fanfare } from 'fanfare';
import { connect } from 'fanfare/client';
void fanfare({ channels: { news: channel() } }).publish('news', 1);
connect('ws://localhost').close();
`,
  'imported.cts': `export async function main() {
  const { channel, fanfare } = await import('fanfare');
  await fanfare({ channels: { news: channel() } }).publish('news', 1);
}
`,
};

const node = { lib: ['ES2022'], types: ['node'] };
const page = { lib: ['ES2022', 'DOM', 'DOM.Iterable'], module: 'esnext', moduleResolution: 'bundler' };
/** @type {ReadonlyArray<[what: string, compilers: ReadonlyArray<'least' | 'current'>, files: ReadonlyArray<keyof typeof programs>, options: object]>} */
const cases = [
  ['nodenext, no DOM', ['least'], ['server.ts', 'client.ts'], { ...node, module: 'nodenext' }],
  ['React, bundler', ['least'], ['component.tsx'], { ...page, jsx: 'react-jsx', types: ['node'] }],
  ['a page without types of Node', ['least', 'current'], ['page.ts'], { ...page, types: [] }],
  ['require, nodenext', ['current'], ['required.cts'], { ...node, module: 'nodenext' }],
  ['import() in CommonJS, node16', ['least'], ['imported.cts'], { ...node, module: 'node16' }],
];

if (!existsSync(join(least, 'node_modules', 'typescript'))) {
  mkdirSync(least, { recursive: true });
  writeFileSync(join(least, 'package.json'), '{"private":true}\n');
  runNpm(['install', '--ignore-scripts', '--no-audit', '--no-fund', `typescript@${leastVersion}`], { cwd: least });
}
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, name), text);

let failed = 0;
for (const [what, compilers, files, options] of cases) {
  for (const compiler of compilers) {
    const compilerOptions = {
      target: 'ES2022',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      isolatedModules: true,
      skipLibCheck: false,
      noEmit: true,
      ...options,
    };
    const path = join(folder, 'tsconfig.json');
    writeFileSync(path, JSON.stringify({ compilerOptions, files }));
    const modules = compiler === 'least' ? join(least, 'node_modules') : join(root, 'node_modules');
    const { status } = spawnSync(process.execPath, [join(modules, 'typescript', 'bin', 'tsc'), '-p', path], {
      stdio: 'inherit',
    });
    if (status !== 0) {
      failed++;
      console.error(
        `types of users: ${what}, ${compiler === 'least' ? `TypeScript ${leastVersion}` : 'TypeScript of today'}`,
      );
    }
  }
}

const required = "for (const e of ['', '/client', '/react', '/conformance']) require('fanfare' + e);";
if (spawnSync(process.execPath, ['-e', required], { cwd: root, stdio: 'inherit' }).status !== 0) {
  failed++;
  console.error("types of users: require('fanfare') fails");
}
process.exitCode = failed === 0 ? 0 : 1;
