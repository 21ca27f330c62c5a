/** The side panels, which fold away on narrow screens: opening, closing, and where the focus goes. */

import { byId } from './elements.js';

export class Panels {
  readonly #scrim = byId('scrim', HTMLElement);
  readonly #main = document.querySelector('main');
  #open: { readonly panel: HTMLElement; readonly opener: HTMLElement } | undefined;

  constructor() {
    for (const opener of document.querySelectorAll<HTMLElement>('[data-open]')) {
      opener.addEventListener('click', () => this.#show(byId(opener.dataset.open ?? '', HTMLElement), opener));
    }
    for (const closer of document.querySelectorAll('[data-close]')) {
      closer.addEventListener('click', () => this.close());
    }
    this.#scrim.addEventListener('click', () => this.close());
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
    });
    // Wide enough for all panels: nothing is folded, so nothing has to be closed.
    matchMedia('(min-width: 62.01rem)').addEventListener('change', () => this.close());
  }

  close(): void {
    if (this.#open === undefined) return;
    const { panel, opener } = this.#open;
    this.#open = undefined;
    panel.classList.remove('open');
    opener.setAttribute('aria-expanded', 'false');
    this.#scrim.hidden = true;
    if (this.#main !== null) this.#main.inert = false;
    opener.focus();
  }

  #show(panel: HTMLElement, opener: HTMLElement): void {
    this.#open = { panel, opener };
    panel.classList.add('open');
    opener.setAttribute('aria-expanded', 'true');
    this.#scrim.hidden = false;
    if (this.#main !== null) this.#main.inert = true;
    panel.querySelector<HTMLElement>('[data-close]')?.focus();
  }
}
