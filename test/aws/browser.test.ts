/** The chat example, unchanged, in functions: two pages in Chromium talk, whose connections are cut again and again. */

import { readFileSync } from 'node:fs';
import { lambda } from 'fanfare/aws';
import { describe, expect, onTestFinished, test } from 'vitest';
import { chatApp } from '../../examples/chat/app.js';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { ChatVisitor } from '../browser/chat-visitor.js';
import { EmulatedFunctions } from '../support/aws/emulated-functions.js';
import { redisStoreKind } from '../support/aws/stores.js';
import { shared } from '../support/brokers/suites.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';

const folder = new URL('../../dist/examples-chat/', import.meta.url);
const files: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
};

describe.skipIf(redisStoreKind.isMissing() || chromiumIsMissing())('the chat example in functions', () => {
  const server = shared(redisStoreKind.start);

  test('two people talk while their connections are cut: everything is there, in one order, once', async () => {
    const { make: store } = await server().ownStore();
    const functions = await EmulatedFunctions.start({
      makeHandler: (endpoint) => lambda(chatApp({ log: silentLogger }), { store, endpoint }),
      path: '/connection/websocket',
      manners: { doubled: 0.2, delayMs: 10, disconnects: 'sometimes late, twice or never' },
      sweepMs: 500,
      // As the distribution in front of both would have it.
      page: (request, response) => {
        const [name, type] = files[request.url ?? ''] ?? [];
        if (name === undefined) response.writeHead(404).end();
        else response.writeHead(200, { 'Content-Type': type }).end(readFileSync(new URL(name, folder)));
      },
    });
    onTestFinished(() => functions[Symbol.asyncDispose]());
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const url = `http://127.0.0.1:${functions.gateway.port}`;
    const ada = await ChatVisitor.enter(browser, { url, room: 'talk', name: 'Ada' });
    const bo = await ChatVisitor.enter(browser, { url, room: 'talk', name: 'Bo' });
    await Promise.all([ada.seesPeople('Ada', 'Bo'), bo.seesPeople('Ada', 'Bo')]);
    const said: string[] = [];
    for (let n = 0; n < 12; n++) {
      for (const [who, visitor] of [['Ada', ada] as const, ['Bo', bo] as const]) {
        const text = `${who} ${n}`;
        said.push(text);
        await visitor.say(text);
      }
      if (n % 4 === 1) functions.gateway.cutAll();
    }
    for (const visitor of [ada, bo]) for (const text of said) await visitor.sees(text);
    const [adas, bos] = [await ada.texts(), await bo.texts()];
    expect([...adas].sort()).toEqual([...said].sort());
    expect([...bos].sort()).toEqual([...said].sort());
    await Promise.all([ada.seesPeople('Ada', 'Bo'), bo.seesPeople('Ada', 'Bo')]);
    expect([...ada.faults, ...bo.faults]).toEqual([]);
  });
});
