/** The line that shows the state of the connection. */

import { byId, element } from './elements.js';
import { durationText, type Status, statusText } from './status.js';

const tickMs = 1_000;
/** Shorter absences are shown without a counter. */
const countFromMs = 1_000;

export class BannerView {
  readonly #banner = byId('banner', HTMLElement);
  readonly #onDismiss: () => void;
  #shown: Status | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(onDismiss: () => void) {
    this.#onDismiss = onDismiss;
  }

  render(status: Status): void {
    if (status === this.#shown) return;
    this.#shown = status;
    clearInterval(this.#ticker);
    this.#banner.hidden = status.kind === 'online';
    this.#banner.className = `banner ${status.kind}`;
    const dot = element('span', { class: 'dot', 'aria-hidden': 'true' });
    this.#banner.replaceChildren(dot, element('p', {}, statusText(status)), ...this.#extras(status));
  }

  #extras(status: Status): HTMLElement[] {
    switch (status.kind) {
      case 'offline':
        return [this.#since(status.sinceMs)];
      case 'gap':
        return [button('Dismiss', this.#onDismiss)];
      case 'stopped':
        return [button('Reload', () => location.reload())];
      default:
        return [];
    }
  }

  /** Counts visually only: a screen reader must not read out every second. */
  #since(sinceMs: number): HTMLElement {
    const since = element('span', { class: 'since', 'aria-hidden': 'true' });
    const tick = () => {
      const durationMs = Date.now() - sinceMs;
      since.textContent = durationMs < countFromMs ? '' : `offline for ${durationText(durationMs)}`;
    };
    tick();
    this.#ticker = setInterval(tick, tickMs);
    return since;
  }
}

function button(label: string, onClick: () => void): HTMLElement {
  const made = element('button', { type: 'button', class: 'button' }, label);
  made.addEventListener('click', onClick);
  return made;
}
