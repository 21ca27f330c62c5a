/** Asks for the name that the others see. */

import { byId } from './elements.js';
import { cleanName } from './messages.js';

export class NameDialog {
  readonly #dialog = byId('name-dialog', HTMLDialogElement);
  readonly #input = byId('name', HTMLInputElement);
  readonly #cancel = byId('name-cancel', HTMLButtonElement);

  constructor() {
    byId('name-form', HTMLFormElement).addEventListener('submit', () => {
      this.#dialog.returnValue = 'chosen';
    });
    this.#cancel.addEventListener('click', () => this.#dialog.close('cancelled'));
  }

  /**
   * @param proposal the initial value, and the answer if nothing else is entered
   * @param mayCancel whether there is a button that changes nothing
   */
  async ask(proposal: string, mayCancel: boolean): Promise<string> {
    this.#input.value = proposal;
    this.#cancel.hidden = !mayCancel;
    this.#dialog.returnValue = '';
    this.#dialog.showModal();
    this.#input.select();
    await new Promise((resolve) => this.#dialog.addEventListener('close', resolve, { once: true }));
    const isChosen = this.#dialog.returnValue === 'chosen';
    return (isChosen && cleanName(this.#input.value)) || proposal;
  }
}
