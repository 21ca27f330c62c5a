/** Who asks for a stream, and what the rules of channels allow: as for clients, and everything with a key of the API. */

import type {
  PublishContext,
  PublishGrant,
  SubscribeContext,
  SubscribeGrant,
} from '../../engine/channels/channel-options.js';
import { jsonBehind } from '../../engine/channels/json-behind.js';
import {
  type Asker,
  decide,
  decideByFunction,
  decideByName,
  permissionContext,
} from '../../engine/channels/permissions.js';
import { acceptMessage, encodeData } from '../../engine/channels/publishing.js';
import { deniedByRule } from '../../engine/channels/refusal-lines.js';
import type { Rule } from '../../engine/channels/rule.js';
import type { Authenticator, Identity } from '../../engine/ports/authenticator.js';
import type { Random } from '../../engine/ports/clock.js';
import type { Handshake } from '../../engine/ports/connection.js';
import { type Denied, refuse } from '../../engine/ports/decision.js';
import { type RevocationCheck, revocationOf } from '../../engine/sessions/revoked.js';
import { type ApiKeys, presentedKey } from '../../http/api/api-keys.js';
import { headersOf } from '../../http/http2.js';
import type { RequestHead } from '../../http/request-head.js';
import type { ChannelName } from '../../model/channel-name.js';
import { errorCodes } from '../../model/codes.js';
import { parsedValue } from '../../model/json-source.js';
import { type Payload, payloadValue } from '../../model/payload.js';
import type { ClientInfo } from '../../model/publication.js';

export interface AccessPorts {
  readonly auth: Authenticator;
  readonly random: Random;
  readonly revocations: RevocationCheck;
}

/** Of the log and of functions of the application. */
export const transportName = 'durable_streams';

const bearer = /^bearer +(\S+) *$/i;
const noStandIns: ReadonlyMap<string, string> = new Map();

/** Who sends a request. Without an `asker` it is a backend with a key, which may do everything. */
export class Visitor {
  /** Once the rule has let it subscribe: then it counts as a subscriber. */
  #isSubscribed = false;

  constructor(
    private readonly asker: Omit<Asker, 'isSubscribed'> | undefined,
    private readonly ports: AccessPorts,
    private readonly identity: Identity | undefined,
  ) {}

  get isBackend(): boolean {
    return this.asker === undefined;
  }

  /** Shown with what it appends; absent for a backend. */
  get info(): ClientInfo | undefined {
    if (this.asker === undefined) return undefined;
    const { user, client } = this.asker;
    const connInfo = this.identity?.info;
    return { user, client, ...(connInfo !== undefined && { connInfo }) };
  }

  /** Whether it may go on reading, since its token may have expired or be revoked meanwhile. */
  mayStay(wallMs: number): boolean {
    if (this.identity === undefined) return true;
    const { expiresAtMs } = this.identity;
    if (expiresAtMs !== undefined && expiresAtMs <= wallMs) return false;
    return revocationOf(this.ports.revocations, this.identity) === undefined;
  }

  /**
   * Who may subscribe, and gets what it has missed, may read the stream: it is the same data. Otherwise it takes the
   * permission to read the history, too.
   */
  async findReadDenied({
    channel,
    rule,
  }: {
    readonly channel: ChannelName;
    readonly rule: Rule;
  }): Promise<Denied | undefined> {
    if (this.asker === undefined) return undefined;
    const denied = await this.#findSubscribeDenied(channel, rule);
    if (denied !== undefined || rule.recovery === 'stream') return denied;
    const question = { action: 'history', channel, rule } as const;
    const asker = this.#asking();
    const verdict = await decide(rule.readHistory, asker, question, () => permissionContext(asker, question));
    return verdict.ok ? undefined : verdict;
  }

  async #findSubscribeDenied(channel: ChannelName, rule: Rule): Promise<Denied | undefined> {
    const question = { action: 'subscribe', channel, rule } as const;
    const { subscribe } = rule;
    const asker = this.#asking();
    const byName = decideByName(subscribe, asker, question);
    if (byName !== undefined) {
      this.#isSubscribed = byName.ok;
      return byName.ok ? undefined : byName;
    }
    // A token for one channel is for a subscription; capabilities of the connection's token are what holds here.
    if (typeof subscribe !== 'function') return refuse(errorCodes.permissionDenied, deniedByRule(question, 'token'));
    const context: SubscribeContext = { ...permissionContext(asker, question), data: undefined, token: undefined };
    const verdict = await decideByFunction<SubscribeContext, SubscribeGrant>(subscribe, context, question);
    if (!verdict.ok) return verdict;
    if (verdict.grant?.override?.recovery === false) return refuse(errorCodes.permissionDenied);
    this.#isSubscribed = true;
    return undefined;
  }

  /** Whether the rule refuses that it publishes; a function of the application decides in {@link published}. */
  async findWriteDenied({
    channel,
    rule,
  }: {
    readonly channel: ChannelName;
    readonly rule: Rule;
  }): Promise<Denied | undefined> {
    if (this.asker === undefined) return undefined;
    if (rule.publish === 'subscriber') {
      const denied = await this.#findSubscribeDenied(channel, rule);
      if (denied !== undefined) return denied;
    }
    const verdict = decideByName(rule.publish, this.#asking(), { action: 'publish', channel, rule });
    return verdict?.ok === false ? verdict : undefined;
  }

  /** Whether a function of the application decides what it publishes. */
  isAskedAbout({ channel, rule }: { readonly channel: ChannelName; readonly rule: Rule }): boolean {
    const { publish } = rule;
    if (this.asker === undefined || typeof publish !== 'function') return false;
    return decideByName(publish, this.#asking(), { action: 'publish', channel, rule }) === undefined;
  }

  /**
   * Asks the function of the application, if the rule has one, about messages that the rule has accepted. None: to create,
   * close or delete the stream.
   *
   * @returns the messages as they are to be published, since the function may replace them
   * @throws FanfareError for a replacement that the rule does not accept
   */
  async published(
    target: { readonly channel: ChannelName; readonly rule: Rule },
    payloads: readonly Payload[],
  ): Promise<readonly Payload[] | Denied> {
    const { channel, rule } = target;
    const { publish } = rule;
    if (typeof publish !== 'function' || !this.isAskedAbout(target)) return payloads;
    const question = { action: 'publish', channel, rule } as const;
    const asker = this.#asking();
    const outcome: Payload[] = [];
    for (const payload of payloads.length === 0 ? [undefined] : payloads) {
      const data = payload && payloadValue(payload);
      const context: PublishContext<unknown> = { ...permissionContext(asker, question), data };
      const verdict = await decideByFunction<PublishContext<unknown>, PublishGrant>(publish, context, question);
      if (!verdict.ok) return verdict;
      if (payload === undefined) continue;
      const replaced = verdict.grant?.data;
      outcome.push(replaced === undefined ? payload : (await acceptMessage(rule, encodeData(replaced))).data);
    }
    return outcome;
  }

  #asking(): Asker {
    // safe: a backend is not asked
    const asker = this.asker as Omit<Asker, 'isSubscribed'>;
    return { ...asker, isSubscribed: () => this.#isSubscribed };
  }
}

/** Who sends this request, or why it is refused. */
export async function visitorOf(
  ports: AccessPorts,
  head: RequestHead,
  handshake: Handshake,
  keys: ApiKeys,
): Promise<Visitor | Denied> {
  const headers = headersOf(head);
  const key = presentedKey({ headers });
  if (key !== undefined) {
    if (keys.accepts(key)) return new Visitor(undefined, ports, undefined);
    return refuse(errorCodes.unauthorized);
  }
  const { authorization } = headers;
  const token = authorization === undefined ? undefined : bearer.exec(authorization)?.[1];
  if (authorization !== undefined && token === undefined) return refuse(errorCodes.unauthorized);
  const client = ports.random.id();
  const outcome = await ports.auth.connect({
    token,
    data: undefined,
    handshake,
    standIns: noStandIns,
    client,
    transport: transportName,
    name: '',
    version: '',
  });
  if (!outcome.ok) return outcome;
  const { identity } = outcome;
  const revoked = revocationOf(ports.revocations, identity);
  if (revoked !== undefined) return revoked;
  const { user, meta, capabilities } = identity;
  const asker = {
    user,
    client,
    meta: parsedValue(meta),
    transport: transportName,
    handshake,
    capabilities,
    [jsonBehind]: { meta },
  };
  return new Visitor(asker, ports, identity);
}
