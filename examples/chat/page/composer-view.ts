/** The input field: Enter sends, Shift+Enter starts a new line, and the field grows with the text. */

import { maxTextLength } from '../limits.js';
import { byId } from './elements.js';

/** Below this many remaining characters, their number is shown. */
const tellLeftBelow = 200;

export interface ComposerOptions {
  readonly onSend: (text: string) => void;
  readonly onTyping: (isTyping: boolean) => void;
}

export class ComposerView {
  readonly #text = byId('text', HTMLTextAreaElement);
  readonly #left = byId('room-left', HTMLElement);
  readonly #options: ComposerOptions;

  constructor(options: ComposerOptions) {
    this.#options = options;
    const form = byId('composer', HTMLFormElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener('keydown', (event) => {
      // While an input method is composing, Enter selects a word.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener('input', () => {
      this.#fit();
      this.#options.onTyping(this.#text.value.trim() !== '');
    });
  }

  /** On a phone the keyboard would cover the messages. */
  focusUnlessTouch(): void {
    if (matchMedia('(hover: hover)').matches) this.#text.focus();
  }

  #send(): void {
    const text = this.#text.value.trim();
    if (text === '') return;
    this.#text.value = '';
    this.#fit();
    this.#options.onSend(text);
    this.#text.focus();
  }

  #fit(): void {
    this.#text.style.height = 'auto';
    const borderPx = this.#text.offsetHeight - this.#text.clientHeight;
    this.#text.style.height = `${this.#text.scrollHeight + borderPx}px`;
    const left = maxTextLength - this.#text.value.length;
    this.#left.textContent = left < tellLeftBelow ? `${left} characters left` : '';
  }
}
