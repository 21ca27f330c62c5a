/** `fanfare spec`: of a configuration, of applications in all the ways in which a module exports one, and refusals. */

import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '../docs/page.js';
import { expectValid } from '../support/documents/async-api.js';
import { Folder, fanfare, testSecret } from './fanfare-process.js';
import { runInProcess } from './in-process.js';

const config = `
port: 9000
token: { secret: ${testSecret} }
channels:
  "chat:{room}": { subscribe: user, publish: subscriber, history: { size: 10, ttl: 1m }, presence: true }
  "news:{topic*}": { subscribe: token }
`;

/** A folder in which this package, as it was built, and a library of schemas are installed. */
function projectFolder(): Folder {
  const folder = new Folder({ 'package.json': '{"type":"module"}' });
  const modules = join(folder.path, 'node_modules');
  mkdirSync(modules);
  symlinkSync(root, join(modules, 'fanfare'));
  for (const name of ['valibot', '@valibot']) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  return folder;
}

const declarations = `
import { channel, fanfare } from 'fanfare';
import * as v from 'valibot';
enum Size { Small = 3 } // what Node cannot strip
export const channels = {
  'chat:{room}': channel({ message: v.object({ text: v.pipe(v.string(), v.maxLength(Size.Small)) }), publish: 'user' }),
};
export const make = () => fanfare({ anonymous: true, channels });
export const app = make();
export const other = { channels };
export default { 'only:{x}': channel({ message: v.date() }) };
`;

describe('of a configuration', () => {
  test('is its channels, any JSON in them', async () => {
    using folder = new Folder({ 'fanfare.yaml': config });
    const { code, stdout, stderr } = await runInProcess(['spec', '--title', 'Talk', '--api-version', '3.2.1'], {
      folder,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const document = parse(stdout);
    expectValid(document);
    expect(document).toMatchObject({
      info: { title: 'Talk', version: '3.2.1' },
      servers: { fanfare: { protocol: 'ws', host: 'localhost:9000', pathname: '/connection/websocket' } },
      channels: {
        chat_room: {
          address: 'chat:{room}',
          messages: { publish: { payload: { description: 'Any JSON.' } } },
          'x-fanfare-history': { size: 10, ttlSec: 60, read: 'subscriber' },
        },
        news_topic: { address: 'news:{topic}', 'x-fanfare-pattern': 'news:{topic*}' },
      },
      components: { schemas: {}, securitySchemes: { token: { bearerFormat: 'JWT' } } },
    });
    expect(Object.keys(document.operations)).toEqual(['receive_chat_room', 'publish_chat_room', 'receive_news_topic']);
    expect(stdout).not.toContain(testSecret);
  });

  test('as JSON says the same', async () => {
    using folder = new Folder({ 'fanfare.yaml': config });
    const [yaml, json] = await Promise.all([
      runInProcess(['spec'], { folder }),
      runInProcess(['spec', '--format', 'json'], { folder }),
    ]);
    expect(JSON.parse(json.stdout)).toEqual(parse(yaml.stdout));
  });

  test.each([
    ['anonymous: true', [], true],
    [`{ anonymous: true, token: { secret: ${testSecret} } }`, ['JWT'], true],
    ['hooks: { connect: "http://127.0.0.1:1/connect" }', [undefined], undefined],
  ])('says who gets in: %s', async (content, formats, anonymous) => {
    using folder = new Folder({ 'fanfare.yaml': content });
    const { stdout, stderr } = await runInProcess(['spec', '--format', 'json'], { folder });
    expect(stderr).toBe('');
    const { servers, components } = JSON.parse(stdout);
    expect(servers.fanfare['x-fanfare-anonymous']).toBe(anonymous);
    const schemes: { bearerFormat?: string }[] = Object.values(components.securitySchemes);
    expect(schemes.map(({ bearerFormat }) => bearerFormat)).toEqual(formats);
  });

  test('that is wrong is refused with the key named', async () => {
    using folder = new Folder({ 'fanfare.yaml': 'channels: { "a:{b}": { publsh: anyone } }' });
    const { code, stdout, stderr } = await runInProcess(['spec'], { folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('publsh');
  });
});

describe('of an application', () => {
  test.each([
    ['app.ts', true],
    ['app.ts#make', true],
    ['./app.ts#channels', undefined],
  ])('--app %s', async (reference, anonymous) => {
    using folder = projectFolder();
    folder.write('app.ts', declarations);
    const { code, stdout, stderr } = await runInProcess(['spec', '--app', reference, '--url', 'wss://example.com/rt'], {
      folder,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const document = parse(stdout);
    expectValid(document);
    expect(document.servers.fanfare).toMatchObject({ protocol: 'wss', host: 'example.com', pathname: '/rt' });
    expect(document.servers.fanfare['x-fanfare-anonymous']).toBe(anonymous);
    // By way of @valibot/to-json-schema, which the folder has.
    expect(document.components.schemas.chat_room.properties.text).toEqual({ type: 'string', maxLength: 3 });
  });

  test('warns of what JSON Schema cannot say', async () => {
    using folder = projectFolder();
    folder.write('app.ts', declarations);
    const { code, stdout, stderr } = await runInProcess(['spec', '--app', 'app.ts#default'], { folder });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning only:\{x\}: what subscribers get is unknown: .*date/);
    expect(parse(stdout).channels.only_x.messages.publication.payload).toEqual({ 'x-fanfare-schema': 'unknown' });
  });

  test.each([
    ['an export that is not there', ['--app', 'app.ts#nothing'], 'nothing'],
    ['an export that is something else', ['--app', 'app.ts#other'], 'app.ts#other'],
    ['a module that is not there', ['--app', 'nowhere.ts'], 'nowhere.ts'],
    ['a module that throws', ['--app', 'broken.ts'], 'on purpose'],
    ['options of a configuration', ['--app', 'app.ts', '--port', '1'], '--app'],
    ['a configuration', ['--app', 'app.ts', '--config', 'fanfare.yaml'], '--app'],
    ['another format', ['--format', 'xml'], 'xml'],
  ])('with %s ends with 2 and says so', async (_, args, named) => {
    using folder = projectFolder();
    folder.write('app.ts', declarations);
    folder.write('broken.ts', 'throw new Error("on purpose");');
    const { code, stdout, stderr } = await runInProcess(['spec', ...args], { folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(named);
  });

  test('with an address that is none ends with 1', async () => {
    using folder = projectFolder();
    folder.write('app.ts', declarations);
    const { code, stderr } = await runInProcess(['spec', '--app', 'app.ts', '--url', 'http://example.com'], { folder });
    expect(code).toBe(1);
    expect(stderr).toContain('http://example.com');
  });
});

test("examples/chat/asyncapi.yaml is the chat's contract as it is now: make it anew with its README's command", async () => {
  const readme = readFileSync(join(root, 'examples/chat/README.md'), 'utf8');
  const [, args = ''] = /^ {4}npx fanfare (spec .*) > examples\/chat\/asyncapi\.yaml$/m.exec(readme) ?? [];
  const words = args.split(' ').map((word) => word.replace(/^examples\//, `${root}examples/`));
  const { stdout, stderr } = await fanfare(words);
  expect(stderr).toBe('');
  expect(stdout).toBe(readFileSync(join(root, 'examples/chat/asyncapi.yaml'), 'utf8'));
  expectValid(parse(stdout));
});
