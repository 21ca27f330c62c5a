/** The arena's twin on Socket.IO, with which it is compared, is whole: the same page plays over it, and comes back after a cut. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { twinServer } from '../../bench/arena/twin/server.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { listening } from '../support/servers/local-server.js';
import { ArenaVisitor, distance } from './arena-visitor.js';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const eventually = { timeout: 20_000 };

/** The page of the example with another way to the server. */
const overSocketIo: Plugin = {
  name: 'twin',
  setup: (building) =>
    building.onResolve({ filter: /^\.\/match\.js$/ }, () => ({ path: path('bench/arena/twin/match.ts') })),
};

async function pageFiles(): Promise<ReadonlyMap<string, readonly [type: string, body: string]>> {
  const common = { bundle: true, write: false, format: 'esm', platform: 'browser', target: 'es2022' } as const;
  const alias = { 'fanfare/client': path('src/client/index.ts') };
  const [script, style] = await Promise.all([
    build({ ...common, entryPoints: [path('examples/arena/page/main.ts')], alias, plugins: [overSocketIo] }),
    build({ ...common, entryPoints: [path('examples/arena/style/main.css')] }),
  ]);
  return new Map([
    ['/', ['text/html', readFileSync(path('examples/arena/index.html'), 'utf8')]],
    ['/app.js', ['text/javascript', script.outputFiles[0]?.text ?? '']],
    ['/style.css', ['text/css', style.outputFiles[0]?.text ?? '']],
  ]);
}

describe.skipIf(chromiumIsMissing())('the twin of the arena', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
    return () => browser.close();
  });

  it('lets two players see each other, and gives a ship back after a cut', async () => {
    const files = await pageFiles();
    const http = createServer((request, response) => {
      const [type, body] = files.get(request.url ?? '') ?? [];
      if (type === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'Content-Type': type }).end(body);
    });
    // Places are kept for longer than a loaded machine takes to connect again.
    const twin = await twinServer(http, { fillTo: 0, keepSeatSec: 120 });
    const port = await listening(http);
    await using proxy = await FaultProxy.start({ port });
    await using ann = await ArenaVisitor.enter(browser, { url: `http://127.0.0.1:${proxy.port}`, name: 'Ann' });
    await using bo = await ArenaVisitor.enter(browser, { url: `http://127.0.0.1:${port}`, name: 'Bo', room: ann.room });
    await expect.poll(() => ann.place('Bo'), eventually).toBeDefined();
    const before = await ann.place('Ann');
    proxy.cut();
    await ann.banner.getByText('Connection lost').waitFor();
    await bo.seesAway('Ann');
    proxy.restore();
    await expect.poll(() => bo.place('Ann'), eventually).toEqual(before);
    await expect.poll(() => ann.place('Ann'), eventually).toEqual(before);
    await ann.holdWhile('ArrowUp', () =>
      expect.poll(async () => distance(before, await bo.place('Ann')), eventually).toBeGreaterThan(30),
    );
    await bo.page.reload();
    await bo.entered();
    await expect.poll(() => bo.place('Bo'), eventually).toBeDefined();
    await twin.close();
  });
});
