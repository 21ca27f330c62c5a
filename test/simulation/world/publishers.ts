/** Backends that publish and change keys at any node, and repeat under one idempotency key what was not answered (G6). */

import { encodeMessage } from '../../../src/engine/channels/publishing.js';
import type { Node } from '../../../src/engine/node.js';
import type { Published } from '../../../src/engine/ports/broker.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import type { MapCall, MapPosition } from '../../chaos/checker/map-checker.js';
import type { Happening } from '../../chaos/history.js';
import type { SeededRandom } from '../../chaos/seeded-random.js';
import type { VirtualTime } from '../time/virtual-time.js';
import type { Fleet } from './fleet.js';
import type { PolicyCheck } from './policy-check.js';
import { kindOfChannel } from './rules.js';
import { isChecked, type SimClient } from './sim-client.js';
import type { SimNode } from './sim-node.js';

interface PublisherPorts {
  readonly time: VirtualTime;
  readonly fleet: Fleet;
  readonly random: SeededRandom;
  readonly policies: PolicyCheck;
  /** Whether the broker remembers idempotency keys of channels without history; then those are repeated, too. */
  record(happening: Happening): void;
}

/** After this long nobody waits for an answer. */
const answerLimitMs = 10_000;
const maxAttempts = 30;
/** Some of them at once may be more than a connection takes. */
const largeLength = 5_000;

type Answer<Result> = { readonly kind: 'ok'; readonly result: Result } | { readonly kind: 'failed' | 'unknown' };

export class Publishers {
  readonly calls = new Map<string, MapCall[]>();
  #numValues = 0;
  /** The last publication of each channel that has one publisher. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #versions = new Map<string, MapPosition>();
  readonly #large: number[] = [];
  #numLargeUnderWay = 0;
  #isOver = false;

  constructor(private readonly ports: PublisherPorts) {}

  /** Large publications within so many milliseconds, with those that clients have under way, which may arrive at any time. */
  numLarge(withinMs: number): number {
    const past = this.#large.filter((atMs) => atMs >= this.ports.time.nowMs - withinMs);
    return past.length + this.#numLargeUnderWay;
  }

  /** Nothing is repeated any more. */
  stop(): void {
    this.#isOver = true;
  }

  /** @param size of the filling behind the value */
  publish(channel: string, size: number, isRace: boolean): void {
    const value = this.#newValue();
    const data = size === 0 ? value : `${value} ${'x'.repeat(size)}`;
    if (isChecked(channel)) {
      void (kindOfChannel(channel) === 'plain'
        ? this.#attempt(channel, value, data, undefined)
        : this.#insist(channel, value, data, isRace));
      return;
    }
    const before = this.#last.get(channel) ?? Promise.resolve();
    this.#last.set(
      channel,
      before.then(() => this.#inOrder(channel, value, data)),
    );
  }

  /** By a client, over its connection. */
  publishBy(client: SimClient, channel: string, size: number): void {
    const value = this.#newValue();
    const data = `${value} ${'x'.repeat(size)}`;
    const isLarge = data.length >= largeLength;
    const settled = (kind: 'publish-ok' | 'publish-unknown') => {
      this.ports.record({ kind, channel, value });
      if (!isLarge) return;
      this.#numLargeUnderWay--;
      this.#large.push(this.ports.time.nowMs);
    };
    if (isLarge) this.#numLargeUnderWay++;
    this.ports.record({ kind: 'publish-invoked', channel, value });
    client.publish(channel, data).then(
      () => settled('publish-ok'),
      () => settled('publish-unknown'),
    );
  }

  /** Sets or removes a key that has to have a version: the one that is read before, or the last that is known here. */
  async change(channel: string, key: string, removes: boolean, readsFirst: boolean): Promise<void> {
    const node = this.#node();
    if (node === undefined) return;
    const { time } = this.ports;
    if (readsFirst || !this.#versions.has(`${channel} ${key}`)) {
      const read = await this.#answer(node, ({ operations }) => operations.readMapKey(channel, key));
      if (read.kind !== 'ok') return;
      const { entry, top } = read.result;
      this.#versions.set(`${channel} ${key}`, { offset: entry?.offset ?? 0, epoch: top.epoch });
    }
    const expected = this.#versions.get(`${channel} ${key}`);
    if (expected === undefined) return;
    const value = removes ? undefined : this.#newValue();
    const calledAt = time.nowMs;
    const data = value === undefined ? trustedJsonText('null') : encodeMessage(value);
    const change = { key, data, removed: removes };
    const condition = { expected: { version: expected.offset, epoch: expected.epoch } };
    const answer = await this.#answer(node, ({ operations }) => operations.changeMap(channel, change, condition));
    const call = { key, ...(value !== undefined && { value }), expected, calledAt, answeredAt: time.nowMs };
    if (answer.kind !== 'ok') {
      this.#called(channel, { ...call, outcome: { kind: 'unknown' } });
      return;
    }
    const { result } = answer;
    if (result.ok) {
      this.#versions.set(`${channel} ${key}`, {
        offset: removes ? 0 : result.position.offset,
        epoch: result.position.epoch,
      });
      this.#called(channel, { ...call, outcome: { kind: 'made', at: result.position } });
    } else if (result.why === 'full') return;
    else {
      this.#versions.set(`${channel} ${key}`, { offset: result.version, epoch: result.position.epoch });
      // A removal of what is not there is refused, whatever version was expected.
      if (result.why === 'absent' && expected.offset === 0) return;
      this.#called(channel, { ...call, outcome: { kind: 'refused', version: result.version, at: result.position } });
    }
  }

  #called(channel: string, call: MapCall): void {
    const calls = this.calls.get(channel) ?? [];
    this.calls.set(channel, calls);
    calls.push(call);
  }

  async #insist(channel: string, value: string, data: string, isRace: boolean): Promise<void> {
    for (let attempt = 1; attempt <= maxAttempts && !this.#isOver; attempt++) {
      const attempts = Array.from({ length: isRace ? 2 : 1 }, () => this.#attempt(channel, value, data, value));
      if ((await Promise.all(attempts)).includes(true)) return;
      await this.#pause(50 + this.ports.random.below(400));
    }
  }

  async #attempt(channel: string, value: string, data: string, idempotencyKey: string | undefined): Promise<boolean> {
    const node = this.#node();
    if (node === undefined) return false;
    const { record } = this.ports;
    record({ kind: 'publish-invoked', channel, value });
    const options = idempotencyKey === undefined ? {} : { idempotencyKey };
    const answer = await this.#answer(node, (at) => this.#send(at, channel, data, options));
    if (answer.kind === 'ok') {
      const { position } = answer.result;
      record({ kind: 'publish-ok', channel, value, ...(position.epoch !== '' && { position }) });
      return true;
    }
    record(
      answer.kind === 'failed'
        ? { kind: 'publish-failed', channel, value, code: 100 }
        : { kind: 'publish-unknown', channel, value },
    );
    return false;
  }

  /** The publisher waits for each before the next, so that it knows their order. */
  async #inOrder(channel: string, value: string, data: string): Promise<void> {
    const node = this.#node();
    if (node === undefined || this.#isOver) return;
    const { policies } = this.ports;
    policies.invoked(channel, value);
    const answer = await this.#answer(node, (at) => this.#send(at, channel, data, {}));
    if (answer.kind === 'ok') policies.acknowledged(channel, value);
    else policies.uncertain(channel, value);
  }

  /** On the node, which may come to it long after it was asked. */
  #send({ operations }: Node, channel: string, data: string, options: { idempotencyKey?: string }): Promise<Published> {
    if (data.length >= largeLength) this.#large.push(this.ports.time.nowMs);
    return operations.publish(channel, encodeMessage(data), options);
  }

  /** Asks a node, which does nothing while it stands still. */
  #answer<Result>({ node, process }: SimNode, work: (node: Node) => Promise<Result>): Promise<Answer<Result>> {
    return new Promise((resolve) => {
      const cancel = this.ports.time.schedule(() => resolve({ kind: 'unknown' }), answerLimitMs);
      const settle = (answer: Answer<Result>) => {
        cancel();
        resolve(answer);
      };
      process.run(() => {
        work(node).then(
          (result) => settle({ kind: 'ok', result }),
          () => settle({ kind: 'failed' }),
        );
      });
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.ports.time.schedule(resolve, ms);
    });
  }

  #node(): SimNode | undefined {
    const { up } = this.ports.fleet;
    return up.length === 0 ? undefined : this.ports.random.pick(up);
  }

  #newValue(): string {
    return `v${++this.#numValues}`;
  }
}
