/** The messages of the Centrifugal protocol that are worth parsing: all but publications, which are far more. */

export interface SubscribeReply {
  readonly isRecoverable: boolean;
  readonly isRecovered: boolean;
  readonly epoch: string;
  readonly offset: number;
  readonly publications: readonly { readonly data: unknown; readonly offset: number | undefined }[];
}

export interface MessageListener {
  onPing(): void;
  /** Both are empty over WebSocket. */
  onConnected(session: string, node: string): void;
  onSubscribed(id: number, reply: SubscribeReply): void;
  onPublished(id: number): void;
  onError(id: number, code: number): void;
  onUnsubscribe(channel: string, code: number): void;
  onDisconnect(code: number): void;
  onPublication(data: unknown, offset: number | undefined): void;
}

type Fields = Readonly<Record<string, unknown>>;

export class MessageReader {
  constructor(private readonly listener: MessageListener) {}

  /** @param line also one of an event stream; what is no message is ignored, as comments of event streams are */
  read(line: string): void {
    const text = line.startsWith('data:') ? line.slice(5).trim() : line.trim();
    if (text === '{}') this.listener.onPing();
    else if (text.startsWith('{')) this.#take(parse(text));
  }

  #take(message: Fields): void {
    const { listener } = this;
    const { id, push, error } = message;
    if (isFields(push)) this.#push(push);
    else if (typeof id !== 'number') return;
    else if (isFields(error)) listener.onError(id, numberOf(error.code));
    else if (isFields(message.connect)) {
      listener.onConnected(textOf(message.connect.session), textOf(message.connect.node));
    } else if (isFields(message.subscribe)) listener.onSubscribed(id, subscribeReplyOf(message.subscribe));
    else if (isFields(message.publish)) listener.onPublished(id);
  }

  #push({ channel, pub, unsubscribe, disconnect }: Fields): void {
    if (isFields(pub)) this.listener.onPublication(pub.data, offsetOf(pub));
    else if (isFields(unsubscribe)) this.listener.onUnsubscribe(textOf(channel), numberOf(unsubscribe.code));
    else if (isFields(disconnect)) this.listener.onDisconnect(numberOf(disconnect.code));
  }
}

function subscribeReplyOf(reply: Fields): SubscribeReply {
  const publications = Array.isArray(reply.publications) ? reply.publications.filter(isFields) : [];
  return {
    isRecoverable: reply.recoverable === true,
    isRecovered: reply.recovered === true,
    epoch: textOf(reply.epoch),
    offset: numberOf(reply.offset),
    publications: publications.map((publication) => ({ data: publication.data, offset: offsetOf(publication) })),
  };
}

function offsetOf({ offset }: Fields): number | undefined {
  return typeof offset === 'number' ? offset : undefined;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): Fields {
  try {
    const message: unknown = JSON.parse(text);
    return isFields(message) ? message : {};
  } catch {
    // Not of this protocol: nothing that is waited for, so a deadline will tell.
    return {};
  }
}
