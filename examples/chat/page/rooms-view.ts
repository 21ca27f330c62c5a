/** The rooms one knows: those to start with and those one has been in; and the way into others. */

import { byId, element } from './elements.js';

export class RoomsView {
  readonly #list = byId('room-list', HTMLElement);
  readonly #title = byId('title', HTMLElement);
  readonly #text = byId('text', HTMLTextAreaElement);
  readonly #secondTab = byId('second-tab', HTMLAnchorElement);

  /** @param onJoin gets what was typed, whatever it is */
  constructor(onJoin: (typed: string) => void) {
    const input = byId('room-name', HTMLInputElement);
    byId('join', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      onJoin(input.value);
      input.value = '';
    });
  }

  render(rooms: readonly string[], current: string): void {
    this.#title.textContent = `# ${current}`;
    this.#text.placeholder = `Message #${current}`;
    this.#secondTab.href = hashOf(current);
    this.#list.replaceChildren(
      ...rooms.map((room) => {
        const link = element(
          'a',
          { href: hashOf(room), title: room, ...(room === current && { 'aria-current': 'page' }) },
          room,
        );
        return element('li', {}, link);
      }),
    );
  }
}

export function hashOf(room: string): string {
  return `#${encodeURIComponent(room)}`;
}
