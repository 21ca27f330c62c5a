/** The list of people in the room. */

import { avatar, byId, element } from './elements.js';
import type { Member } from './messages.js';

export class PeopleView {
  readonly #list = byId('people-list', HTMLElement);
  readonly #counts = [...document.querySelectorAll('.people-count')];
  #shown = '';

  /** @param isStale whether the connection is lost, so that these are the people of before */
  render(members: readonly Member[], self: string | undefined, isStale: boolean): void {
    this.#list.classList.toggle('stale', isStale);
    const summary = JSON.stringify([members, self]);
    if (summary === this.#shown) return;
    this.#shown = summary;
    for (const count of this.#counts) count.textContent = String(members.length);
    this.#list.replaceChildren(...members.map((member) => row(member, member.client === self)));
  }
}

function row({ name }: Member, isMe: boolean): HTMLElement {
  const label = element('span', { class: 'name', title: name, dir: 'auto' }, name);
  const parts = [avatar(name), label];
  if (isMe) parts.push(element('span', { class: 'you' }, '(you)'));
  return element('li', {}, ...parts);
}
