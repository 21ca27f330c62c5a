/** The current hooks of a configured server, which a reload may replace. */

import type { ChannelOptions } from '../engine/channels/channel-options.js';
import type { RpcFallback } from '../engine/channels/rpc-options.js';
import type { Authenticator } from '../engine/ports/authenticator.js';
import type { Observer } from '../engine/ports/observer.js';
import type { Hooks } from '../http/hooks/hooks.js';
import type { EventFigures, HookFigures, HookMeter } from '../observe/hook-metrics.js';
import type { HookParts } from './fanfare.js';

/** Decisions that channel rules leave to hooks. */
export type RuleDecisions = Pick<ChannelOptions, 'subscribe' | 'renew' | 'publish'>;

export class LiveHooks implements HookParts {
  #meter: HookMeter | undefined;
  #nodeId = '';

  constructor(private hooks: Hooks) {}

  get figures(): readonly HookFigures[] {
    return this.hooks.figures;
  }

  get events(): EventFigures | undefined {
    return this.hooks.events;
  }

  get observer(): Observer | undefined {
    return this.hooks.observer;
  }

  get procedureFallback(): RpcFallback | undefined {
    return this.hooks.procedureFallback;
  }

  authenticator(tokens: Authenticator | undefined, anonymous: boolean): Authenticator {
    return this.hooks.authenticator(tokens, anonymous);
  }

  measure(meter: HookMeter): void {
    this.#meter = meter;
    this.hooks.measure(meter);
  }

  start(nodeId: string): void {
    this.#nodeId = nodeId;
    this.hooks.start(nodeId);
  }

  close(deadlineMs: number): Promise<void> {
    return this.hooks.close(deadlineMs);
  }

  /** Replaces the hooks. @param hooks made as the successors of the current ones */
  replace(hooks: Hooks): void {
    this.hooks = hooks;
    hooks.start(this.#nodeId);
    if (this.#meter !== undefined) hooks.measure(this.#meter);
  }

  /** The current hooks, to make their successors. */
  get current(): Hooks {
    return this.hooks;
  }

  /**
   * The same functions for all hooks, so that a rule does not change when its hook's address does. They are only called
   * for hooks that rules name, and those exist.
   */
  readonly decisions: Required<RuleDecisions> = {
    subscribe: (context) => asFunction(this.hooks.subscribe)(context),
    renew: (context) => asFunction(this.hooks.renew)(context),
    publish: (context) => asFunction(this.hooks.publish)(context),
  };
}

/** A hook that was removed during a call refuses. */
function asFunction<Ask extends (...args: never[]) => unknown>(decision: Ask | string | undefined): Ask {
  // safe: callers treat `false` as a refusal
  return typeof decision === 'function' ? decision : ((() => false) as unknown as Ask);
}
