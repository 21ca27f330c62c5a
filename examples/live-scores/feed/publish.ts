/** Publishes lines from the server's own process. */

import type { Line } from '../match-day/lines.js';

/** What a feed needs of an application. */
export interface Publisher {
  publish(
    channel: string,
    data: unknown,
    options?: { readonly tags?: Readonly<Record<string, string>> },
  ): Promise<unknown>;
  map(name: string): { set(key: string, value: unknown): Promise<unknown> };
}

/** All in one turn, so that what is due at the same time shares one write to each fan. */
export async function publishLines(app: Publisher, lines: readonly Line[]): Promise<void> {
  await Promise.all(
    lines.map(({ channel, key, data, tags }) =>
      key === undefined ? app.publish(channel, data, tags && { tags }) : app.map(channel).set(key, data),
    ),
  );
}
