/** The start: a name, and whether to play or to look on. */

import { byId } from './elements.js';

export interface StartOptions {
  readonly name: string;
  readonly onPlay: (name: string) => void;
  readonly onWatch: () => void;
}

export class StartDialog {
  readonly #dialog = byId('start', HTMLDialogElement);
  readonly #name = byId('name', HTMLInputElement);
  readonly #note = byId('start-note', HTMLElement);
  readonly #buttons = [byId('play', HTMLButtonElement), byId('watch', HTMLButtonElement)];

  constructor({ name, onPlay, onWatch }: StartOptions) {
    this.#name.value = name;
    this.#dialog.addEventListener('cancel', (event) => event.preventDefault());
    byId('start-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const chosen = this.#name.value.trim();
      if (event.submitter?.id === 'watch') onWatch();
      else if (chosen !== '') onPlay(chosen);
    });
  }

  /** @param note why it is shown again */
  open(note = ''): void {
    this.#note.textContent = note;
    this.#note.hidden = note === '';
    this.setBusy(false);
    if (!this.#dialog.open) this.#dialog.show();
  }

  setBusy(isBusy: boolean): void {
    for (const button of this.#buttons) button.disabled = isBusy;
  }

  close(): void {
    this.#dialog.close();
  }
}
