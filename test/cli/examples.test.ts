/** `fanfare dev --example`: every example of the table starts, says what is open, and ends; wrong names get a hint. */

import { connect } from 'fanfare/client';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { examples } from '../../examples/examples.mjs';
import { FanfareProcess, Folder, fanfare } from './fanfare-process.js';

/** Where a token is no JWT, but a secret that a page makes up. */
const secrets: Readonly<Record<string, { readonly token: string }>> = { arena: { token: 'a-secret-of-the-test' } };

describe.each(examples)('$name', ({ name, title }) => {
  test('serves its page, the list of all, and its channels', async () => {
    await using server = new FanfareProcess(['dev', '--example', name, '--port', '0']);
    const url = await server.listening();
    await server.seen('stdout', /OPEN/);
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<!doctype html>');
    for (const file of ['app.js', 'style.css']) expect((await fetch(`${url}/${file}`)).status).toBe(200);
    const list = await (await fetch(`${url}/examples/`)).text();
    expect(list).toContain(title);
    expect(list).toContain(`--example ${name}`);
    const client = connect(url, { websocket: WebSocket, ...secrets[name] });
    await client.ready();
    client.close();
    server.signal('SIGTERM');
    expect((await server.exited).code).toBe(0);
  });
});

test('a name that is not in the table ends with 2 and a hint', async () => {
  const { code, stderr } = await fanfare(['dev', '--example', 'chatt', '--port', '0']);
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean chat?');
  const unknown = await fanfare(['dev', '--example', 'nothing-like-it', '--port', '0']);
  expect(unknown.code).toBe(2);
  for (const { name } of examples) expect(unknown.stderr).toContain(name);
});

test('channels of the configuration and those of an example exclude each other', async () => {
  using folder = new Folder({ 'fanfare.yaml': 'channels: { log: { subscribe: anyone } }\n' });
  const { code, stderr } = await fanfare(['dev', '--example', 'chat', '--port', '0'], { folder });
  expect(code).toBe(1);
  expect(stderr).toMatch(/channels .*--example chat/);
});
