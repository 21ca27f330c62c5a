/** The known rooms: the initial ones and those visited before; and the field to enter others. */

import { byId, element } from './elements.js';

export class RoomsView {
  readonly #list = byId('room-list', HTMLElement);
  readonly #title = byId('title', HTMLElement);
  readonly #text = byId('text', HTMLTextAreaElement);
  readonly #secondTab = byId('second-tab', HTMLAnchorElement);

  /** @param onJoin called with what was typed, unchecked */
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
