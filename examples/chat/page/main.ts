/** The chat page: one client, one room at a time, and the views that show it. */

import { connect } from 'fanfare/client';
import type { ChatApp } from '../app.js';
import { BannerView } from './banner-view.js';
import { ComposerView } from './composer-view.js';
import { byId, paintAvatar } from './elements.js';
import { Line } from './line.js';
import { LineView } from './line-view.js';
import { LogView } from './log-view.js';
import { Memory, roomNameOf, roomOfHash, suggestedName } from './memory.js';
import { NameDialog } from './name-dialog.js';
import { Panels } from './panels.js';
import { PeopleView } from './people-view.js';
import { Room } from './room.js';
import { hashOf, RoomsView } from './rooms-view.js';
import { rowsOf } from './rows.js';
import { type Timers, typingLine } from './typing.js';

const timers: Timers = {
  nowMs: () => performance.now(),
  schedule(task, delayMs) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

class ChatPage {
  readonly #memory = new Memory();
  readonly #line = new Line(() => this.#renderSoon());
  readonly #lineView = new LineView(() => this.#line.cut());
  readonly #client = connect<ChatApp>('/', {
    lazy: true,
    maxReconnectDelayMs: 5_000,
    websocket: this.#line.websocket,
  });
  readonly #typingLine = byId('typing', HTMLElement);
  readonly #panels = new Panels();
  readonly #nameDialog = new NameDialog();
  readonly #people = new PeopleView();
  readonly #banner = new BannerView(() => this.#room?.dismissStatus());
  readonly #rooms = new RoomsView((typed) => this.#join(typed));
  readonly #log = new LogView({
    onRetry: (id) => this.#room?.outbox.retry(id),
    onDiscard: (id) => this.#room?.outbox.discard(id),
  });
  readonly #composer = new ComposerView({
    onSend: (text) => this.#say(text),
    onTyping: (isTyping) => (isTyping ? this.#room?.typing.typed() : this.#room?.typing.stopped()),
  });
  #room: Room | undefined;
  /** Id of the current connection. */
  #self: string | undefined;
  #isRenderDue = false;
  #numUnseen = 0;
  #numSeen = 0;

  async start(): Promise<void> {
    this.#client.on('connected', ({ client }) => {
      this.#self = client;
      this.#renderSoon();
    });
    this.#client.on('connecting', () => this.#renderSoon());
    this.#client.on('disconnected', () => this.#renderSoon());
    addEventListener('hashchange', () => void this.#enter());
    byId('rename', HTMLButtonElement).addEventListener('click', () => void this.#rename());
    document.addEventListener('visibilitychange', () => this.#renderSoon());
    this.#rooms.render(this.#memory.rooms, roomOfHash(location.hash));
    if (this.#memory.name === '') this.#memory.name = await this.#nameDialog.ask(suggestedName(), false);
    await this.#enter();
  }

  /** Enters the room in the page's address. */
  async #enter(): Promise<void> {
    const name = roomOfHash(location.hash);
    this.#panels.close();
    await this.#open(name);
    this.#composer.focusUnlessTouch();
  }

  async #open(name: string): Promise<void> {
    const former = this.#room;
    this.#room = undefined;
    await former?.close();
    this.#memory.visit(name);
    this.#log.clear(name);
    this.#numSeen = 0;
    const myName = this.#memory.name;
    byId('my-name', HTMLElement).textContent = myName;
    paintAvatar(byId('my-avatar', HTMLElement), myName);
    this.#room = new Room({
      client: this.#client,
      self: () => this.#self,
      name,
      myName,
      timers,
      onChange: () => this.#renderSoon(),
    });
    this.#rooms.render(this.#memory.rooms, name);
    this.#render();
  }

  async #rename(): Promise<void> {
    const name = await this.#nameDialog.ask(this.#memory.name, true);
    if (name === this.#memory.name) return;
    this.#memory.name = name;
    await this.#open(roomOfHash(location.hash));
  }

  #join(typed: string): void {
    const name = roomNameOf(typed);
    if (name !== '') location.hash = hashOf(name);
    this.#panels.close();
  }

  #say(text: string): void {
    const message = this.#room?.say(text);
    if (message === undefined) return;
    this.#memory.own(message.id);
    this.#log.stickToBottom();
  }

  /** All changes of one turn are shown together. */
  #renderSoon(): void {
    if (this.#isRenderDue) return;
    this.#isRenderDue = true;
    queueMicrotask(() => {
      this.#isRenderDue = false;
      this.#render();
    });
  }

  #render(): void {
    const room = this.#room;
    if (room === undefined) return;
    const { status, timeline, outbox } = room;
    const rows = rowsOf(timeline.entries, outbox.items, {
      isMine: ({ id }) => id !== undefined && this.#memory.isOwn(id),
      isOnline: status.kind !== 'offline' && status.kind !== 'connecting',
      nowMs: Date.now(),
    });
    this.#banner.render(status);
    this.#lineView.render(this.#client.transport, this.#line.isCut);
    this.#log.render(rows, status.kind === 'connecting');
    this.#people.render(
      room.roster.list(this.#self),
      this.#self,
      status.kind === 'offline' || status.kind === 'stopped',
    );
    this.#typingLine.textContent = typingLine(room.typists.names);
    this.#renderTitle(room);
  }

  #renderTitle({ name, timeline }: Room): void {
    if (!document.hidden) this.#numSeen = timeline.numAdded;
    this.#numUnseen = timeline.numAdded - this.#numSeen;
    const unseen = this.#numUnseen === 0 ? '' : `(${this.#numUnseen}) `;
    document.title = `${unseen}#${name} · Fanfare chat`;
  }
}

void new ChatPage().start();
