/** Makes and finds elements. Text is always inserted as text: there is no way to pass markup. */

type Props = Readonly<Record<string, string | boolean>>;

/** @param props attributes; `true` is an empty one, `false` none. Not for `style` or event handlers */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/** @throws if the page has no such element of that type, which would be a bug in index.html */
export function byId<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${type.name} "${id}"`);
}

/** A person's round sign: initials on a colour derived from the name. */
export function avatar(name: string): HTMLElement {
  const made = element('span', { 'aria-hidden': 'true' });
  paintAvatar(made, name);
  return made;
}

export function paintAvatar(target: HTMLElement, name: string): void {
  target.className = `avatar hue-${hueOf(name)}`;
  target.textContent = initialsOf(name);
}

/** The number of colours in style/people.css. */
const numHues = 12;

function hueOf(name: string): number {
  let hash = 7;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % numHues;
}

function initialsOf(name: string): string {
  const words = name.split(' ').filter((word) => word !== '');
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}
