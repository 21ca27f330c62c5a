/** Says what is wrong with the connection, or what has become of the ship. */

import type { ConnectionStatus } from 'fanfare/client';
import { byId } from './elements.js';

export class BannerView {
  readonly #banner = byId('banner', HTMLElement);

  /** @param isDestroyed whether the own ship is to come again */
  render({ state, isReconnecting, cause }: ConnectionStatus, isDestroyed: boolean): void {
    const text = textOf(state, isReconnecting, cause?.reason, isDestroyed);
    if (this.#banner.textContent === text) return;
    this.#banner.textContent = text;
    this.#banner.hidden = text === '';
  }
}

function textOf(
  state: ConnectionStatus['state'],
  isReconnecting: boolean,
  reason: string | undefined,
  isDestroyed: boolean,
): string {
  if (state === 'disconnected') return `Not connected: ${reason ?? 'the connection has ended'}`;
  if (state === 'connecting') return isReconnecting ? 'Connection lost. Your ship waits for you…' : 'Connecting…';
  return isDestroyed ? 'Destroyed. A new ship is on its way…' : '';
}
