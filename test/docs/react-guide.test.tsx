/** The room of docs/guide/react.md, as it stands there, in a page against its server. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FanfareApp } from 'fanfare';
import { type AnyApp, connect } from 'fanfare/client';
import type { FanfareHooks } from 'fanfare/react';
import type { ComponentType } from 'react';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { ChannelSchemas, ProcedureTable } from '../../src/engine/channels/channel-types.js';
import { createRoot } from '../client/page.js';
import { blocksOf, readPage, root } from './page.js';

const waiting = { timeout: 10_000, interval: 10 };

/** Among the tests, where listings find the package and are compiled as any other module. */
function listings(): string {
  const folder = mkdtempSync(`${root}test/docs/.listings-`);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const { label, text } of blocksOf(readPage('docs/guide/react.md')))
    if (label !== '') writeFileSync(join(folder, label), text);
  return folder;
}

test('it shows who is there and what is said, and its button publishes', async () => {
  const folder = listings();
  const { app } = (await import(join(folder, 'server.ts'))) as { app: FanfareApp<ChannelSchemas, ProcedureTable> };
  const { FanfareProvider } = (await import(join(folder, 'realtime.ts'))) as FanfareHooks<AnyApp>;
  const { Room } = (await import(join(folder, 'room.tsx'))) as { Room: ComponentType<{ name: string }> };
  const { url } = await app.listen(0);
  onTestFinished(() => app.close(0));
  const client = connect(url, { websocket: WebSocket });
  onTestFinished(() => client.close());
  const container = document.createElement('div');
  const page = createRoot(container);
  onTestFinished(() => page.unmount());
  page.render(
    <FanfareProvider client={client}>
      <Room name="lobby" />
    </FanfareProvider>,
  );
  await vi.waitFor(() => expect(container.textContent).toContain('1 here'), waiting);
  container.querySelector('button')?.click();
  await vi.waitFor(() => expect(container.querySelector('li')?.textContent).toBe('hello'), waiting);
});
