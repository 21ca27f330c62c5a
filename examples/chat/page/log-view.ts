/** The list of messages: updates the page to its rows, and stays at the end while the reader is there. */

import { avatar, byId, element } from './elements.js';
import { partsOf, type TextPart } from './links.js';
import type { MessageRow, Row } from './rows.js';

/** This near to the end counts as the end. */
const nearBottomPx = 48;

export interface LogViewOptions {
  readonly onRetry: (id: string) => void;
  readonly onDiscard: (id: string) => void;
}

export class LogView {
  readonly #log = byId('log', HTMLElement);
  readonly #lines = byId('lines', HTMLElement);
  readonly #empty = byId('empty', HTMLElement);
  readonly #newer = byId('newer', HTMLButtonElement);
  readonly #options: LogViewOptions;
  /** The elements on the page, with the rows from which they were made. */
  #shown = new Map<string, { readonly row: Row; readonly item: HTMLElement }>();
  #sticks = true;
  /** The scroll position when the log was last scrolled to its end. */
  #topAtEnd = 0;
  #numNewer = 0;
  readonly #time = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

  constructor(options: LogViewOptions) {
    this.#options = options;
    // Not every browser makes a scrolling area reachable by keyboard.
    this.#log.tabIndex = 0;
    this.#log.addEventListener('scroll', () => this.#lookWhereReaderIs(), { passive: true });
    this.#newer.addEventListener('click', () => {
      this.stickToBottom();
      this.#log.focus({ preventScroll: true });
    });
    // The banner, a phone's keyboard and long texts change the height.
    const observer = new ResizeObserver(() => {
      this.#lookWhereReaderIs();
      this.#keepBottom();
    });
    observer.observe(this.#log);
    observer.observe(this.#lines);
  }

  /** For another room: removes everything without announcing it. */
  clear(room: string): void {
    this.#shown = new Map();
    this.#lines.replaceChildren();
    this.#log.setAttribute('aria-label', `Messages in ${room}`);
    this.stickToBottom();
  }

  /** @param isLoading history is still to come: an empty room is not reported, and nothing is announced */
  render(rows: readonly Row[], isLoading: boolean): void {
    // Before any change: scrolling is noticed here earlier than the browser reports it.
    this.#lookWhereReaderIs();
    this.#log.setAttribute('aria-busy', String(isLoading));
    this.#empty.hidden = isLoading || rows.length > 0;
    const wasEmpty = this.#shown.size === 0;
    const shown = new Map<string, { readonly row: Row; readonly item: HTMLElement }>();
    const keys = new Set(rows.map(({ key }) => key));
    // First, since otherwise the remaining elements would be moved, and read out again.
    for (const [key, { item }] of this.#shown) if (!keys.has(key)) item.remove();
    let place = this.#lines.firstElementChild;
    let numNew = 0;
    for (const row of rows) {
      const before = this.#shown.get(row.key);
      if (before === undefined && row.kind === 'message' && !row.isMine) numNew++;
      const item = before?.item ?? element('li');
      if (before === undefined || !isSame(before.row, row)) this.#fill(item, row);
      if (item === place) place = place.nextElementSibling;
      else this.#lines.insertBefore(item, place);
      shown.set(row.key, { row, item });
    }
    this.#shown = shown;
    if (!wasEmpty && !this.#sticks) this.#setNewer(this.#numNewer + numNew);
    this.#keepBottom();
  }

  stickToBottom(): void {
    this.#sticks = true;
    this.#setNewer(0);
    this.#keepBottom();
  }

  #keepBottom(): void {
    if (!this.#sticks) return;
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#topAtEnd = this.#log.scrollTop;
  }

  /**
   * The end also moves away from the reader when texts wrap again or the log gets smaller: a reader who was at the end
   * has left it only by scrolling up. When the log grows, the browser scrolls up too, but the reader stays at the end.
   */
  #lookWhereReaderIs(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    const isNearEnd = scrollHeight - scrollTop - clientHeight < nearBottomPx;
    const hasGoneUp = this.#topAtEnd - scrollTop >= nearBottomPx;
    this.#sticks = isNearEnd || (this.#sticks && !hasGoneUp);
    if (this.#sticks) this.#setNewer(0);
  }

  #setNewer(numNewer: number): void {
    this.#numNewer = numNewer;
    this.#newer.hidden = numNewer === 0;
    this.#newer.textContent = `${numNewer} new ${numNewer === 1 ? 'message' : 'messages'} ↓`;
  }

  #fill(item: HTMLElement, row: Row): void {
    switch (row.kind) {
      case 'day':
        item.className = 'divider';
        item.replaceChildren(row.label);
        return;
      case 'gap':
        item.className = 'divider gap';
        item.replaceChildren('Some messages may be missing here');
        return;
      case 'recovered':
        item.className = 'divider recovered';
        item.replaceChildren('Missed and recovered');
        return;
      case 'message':
        this.#fillMessage(item, row);
    }
  }

  #fillMessage(item: HTMLElement, row: MessageRow): void {
    const { text, author, isMine, isFirst, isRecovered, sentAtMs, fate } = row;
    const isFailed = fate?.refusal !== undefined;
    item.className = 'message';
    item.classList.toggle('mine', isMine);
    item.classList.toggle('first', isFirst);
    item.classList.toggle('recovered', isRecovered === true);
    item.classList.toggle('pending', fate !== undefined && !isFailed);
    item.classList.toggle('failed', isFailed);
    const parts: HTMLElement[] = [];
    if (isFirst && !isMine) parts.push(avatar(author));
    if (isFirst) parts.push(this.#meta(isMine ? 'You' : author, isMine, sentAtMs));
    const bubble = element('p', { class: 'text', dir: 'auto' }, ...partsOf(text).map(toNode));
    if (!isFirst && sentAtMs !== undefined) bubble.title = this.#time.format(sentAtMs);
    parts.push(bubble);
    if (fate !== undefined) parts.push(this.#fate(fate));
    item.replaceChildren(...parts);
  }

  #meta(author: string, isMine: boolean, sentAtMs: number | undefined): HTMLElement {
    const name = element('b', { class: isMine ? 'hidden' : 'author', dir: 'auto' }, author);
    const meta = element('p', { class: 'meta' }, name);
    if (sentAtMs !== undefined) {
      const iso = new Date(sentAtMs).toISOString();
      meta.append(element('time', { datetime: iso }, this.#time.format(sentAtMs)));
    }
    return meta;
  }

  #fate({ id, refusal, isWaiting }: NonNullable<MessageRow['fate']>): HTMLElement {
    if (refusal === undefined) {
      return element('p', { class: 'fate' }, isWaiting ? 'Waiting for the connection…' : 'Sending…');
    }
    const retry = element('button', { type: 'button' }, 'Try again');
    const discard = element('button', { type: 'button' }, 'Discard');
    retry.addEventListener('click', () => this.#options.onRetry(id));
    discard.addEventListener('click', () => this.#options.onDiscard(id));
    return element('p', { class: 'fate' }, `Not sent: ${refusal}.`, retry, discard);
  }
}

function toNode({ text, href }: TextPart): Node | string {
  if (href === undefined) return text;
  // A long address breaks between its parts and not within a word.
  const pieces = text
    .split(/(?<=[/?&=#._-])(?=\w)/)
    .flatMap((piece, index) => (index === 0 ? piece : [element('wbr'), piece]));
  return element('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...pieces);
}

function isSame(a: Row, b: Row): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
