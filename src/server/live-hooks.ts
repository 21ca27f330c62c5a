/** The hooks of a configured server as they are at the moment; another configuration may bring others. */

import type { ChannelOptions } from '../engine/channels/channel-options.js';
import type { RpcFallback } from '../engine/channels/rpc-options.js';
import type { Authenticator } from '../engine/ports/authenticator.js';
import type { Observer } from '../engine/ports/observer.js';
import type { Hooks } from '../http/hooks/hooks.js';
import type { EventFigures, HookFigures, HookMeter } from '../observe/hook-metrics.js';
import type { HookParts } from './fanfare.js';

/** What hooks decide in the place of channel rules. */
export type RuleDecisions = Pick<ChannelOptions, 'subscribe' | 'renew' | 'publish'>;

export class LiveHooks implements HookParts {
  #hooks: Hooks;
  #meter: HookMeter | undefined;
  #nodeId = '';

  constructor(hooks: Hooks) {
    this.#hooks = hooks;
  }

  get figures(): readonly HookFigures[] {
    return this.#hooks.figures;
  }

  get events(): EventFigures | undefined {
    return this.#hooks.events;
  }

  get observer(): Observer | undefined {
    return this.#hooks.observer;
  }

  get procedureFallback(): RpcFallback | undefined {
    return this.#hooks.procedureFallback;
  }

  authenticator(tokens: Authenticator | undefined, anonymous: boolean): Authenticator {
    return this.#hooks.authenticator(tokens, anonymous);
  }

  measure(meter: HookMeter): void {
    this.#meter = meter;
    this.#hooks.measure(meter);
  }

  start(nodeId: string): void {
    this.#nodeId = nodeId;
    this.#hooks.start(nodeId);
  }

  close(deadlineMs: number): Promise<void> {
    return this.#hooks.close(deadlineMs);
  }

  /** From now on these. @param hooks made as the successors of those that are here */
  replace(hooks: Hooks): void {
    this.#hooks = hooks;
    hooks.start(this.#nodeId);
    if (this.#meter !== undefined) hooks.measure(this.#meter);
  }

  /** The current hooks, to make their successors. */
  get current(): Hooks {
    return this.#hooks;
  }

  /**
   * The same functions whichever hooks there are: a rule that leaves a decision to a hook has not changed when the hook
   * goes elsewhere. Only what rules name is asked, and what they name there is.
   */
  readonly decisions: Required<RuleDecisions> = {
    subscribe: (context) => asFunction(this.#hooks.subscribe)(context),
    renew: (context) => asFunction(this.#hooks.renew)(context),
    publish: (context) => asFunction(this.#hooks.publish)(context),
  };
}

/** A hook that is gone since a question about it began says no. */
function asFunction<Ask extends (...args: never[]) => unknown>(decision: Ask | string | undefined): Ask {
  // safe: whoever gets `false` takes it for a no
  return typeof decision === 'function' ? decision : ((() => false) as unknown as Ask);
}
