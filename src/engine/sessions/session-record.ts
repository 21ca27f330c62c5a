/**
 * A connected session as a plain JSON value. Its owner writes it, and reads it where the connection continues:
 * publications in between are recovered as after a reconnect, but the client notices nothing.
 */

import * as v from 'valibot';
import { unsubscribeCodes } from '../../model/codes.js';
import { defined } from '../../model/defined.js';
import { parsedValue } from '../../model/json-source.js';
import type { SubscribeResult } from '../../model/reply.js';
import { grantSchema } from '../channels/grant.js';
import { Attachment, type AttachmentPorts } from '../fanout/attachment.js';
import { Subscription } from '../fanout/subscription.js';
import type { TagFilters } from '../filters/tag-filters.js';
import { Wildcard } from '../names/wildcard.js';
import type { Grant } from '../ports/authenticator.js';
import type { Clock } from '../ports/clock.js';
import type { EngineLimits } from '../ports/limits.js';
import { findTarget, type TargetPorts } from './commands/target.js';
import { type EstablishPorts, establish } from './establish.js';
import { closeIfRevoked, type RevocationCheck, unsubscribeRevoked } from './revoked.js';
import type { Session } from './session.js';

const capability = v.object({
  channels: v.array(v.object({ text: v.string(), isLiteral: v.boolean() })),
  allow: v.array(v.picklist(['subscribe', 'publish', 'presence', 'history'])),
});

/** What {@link writeSession} writes. */
export const sessionRecord = v.object({
  client: v.string(),
  refreshable: v.boolean(),
  /** When it was let in, in Unix milliseconds. Absent from earlier versions. */
  connectedAtMs: v.exactOptional(v.number()),
  /** Absent from earlier versions. */
  sdk: v.optional(v.object({ name: v.string(), version: v.string() }), { name: '', version: '' }),
  identity: v.object({
    ...grantSchema.entries,
    user: v.string(),
    meta: v.optional(v.unknown()),
    capabilities: v.exactOptional(v.array(capability)),
  }),
  subscriptions: v.array(
    v.object({
      channel: v.string(),
      /** Pattern of the rule under which the subscription was granted. */
      rule: v.string(),
      serverSide: v.boolean(),
      joinLeave: v.boolean(),
      /** Absent from earlier versions. */
      delta: v.optional(v.boolean(), false),
      /** What the client asked for. */
      maxRate: v.exactOptional(v.number()),
      /** The canonical form of its filter by tags. */
      filter: v.exactOptional(v.string()),
      clientRefresh: v.boolean(),
      /** Whether it has an entry in the channel's presence. */
      present: v.exactOptional(v.boolean()),
      grant: grantSchema,
      /** The client has everything up to here; absent without a history. */
      position: v.exactOptional(v.object({ offset: v.number(), epoch: v.string() })),
    }),
  ),
});

export type SessionRecord = v.InferInput<typeof sessionRecord>;

interface WritePorts {
  readonly clock: Clock;
  readonly turn: { flush(): void };
}

interface ReadPorts extends TargetPorts, AttachmentPorts, EstablishPorts {
  readonly limits: EngineLimits;
  readonly revocations: RevocationCheck;
  readonly seats: { take(user: string): boolean | Promise<boolean> };
  readonly filters: TagFilters;
}

/** `undefined` for a session that is not connected. The session must end at once: later pushes are not in the record. */
export function writeSession(ports: WritePorts, session: Session): SessionRecord | undefined {
  if (!session.is('connected') || session.admitted === undefined) return undefined;
  // Positions count what was given to the outbox, so that must be written first.
  for (const subscription of session.subscriptions) subscription.finish();
  ports.turn.flush();
  const { identity, refreshable } = session.admitted;
  const { user, meta, capabilities } = identity;
  const { clock } = ports;
  return {
    client: session.client,
    refreshable,
    connectedAtMs: Math.round(clock.wallMs() - (clock.nowMs() - session.connectedAtMs)),
    sdk: { name: session.sdk.name, version: session.sdk.version },
    identity: {
      ...writtenGrant(identity),
      user,
      meta: parsedValue(meta),
      ...defined({
        capabilities: capabilities?.map(({ channels, allow }) => ({
          channels: channels.map(({ text, isLiteral }) => ({ text, isLiteral })),
          allow: [...allow],
        })),
      }),
    },
    subscriptions: [...session.subscriptions].flatMap((subscription) => {
      const { channel, rule, serverSide, variant, clientRefresh, position, isEstablished } = subscription;
      if (!isEstablished) return [];
      return {
        channel,
        rule: rule.pattern.text,
        serverSide,
        joinLeave: variant.joinLeave,
        delta: variant.delta !== 'off',
        clientRefresh,
        present: subscription.countsAsPresent,
        grant: writtenGrant(subscription.identity),
        ...defined({
          maxRate: subscription.askedRate,
          filter: variant.filter?.text,
          position: rule.stream && position,
        }),
      };
    }),
  };
}

/**
 * Restores the recorded session on a new connection; resolves when missed publications have been sent. If these are no
 * longer kept, or a channel has another rule now, the client is told as after any other loss.
 *
 * @throws ValiError for a record that {@link writeSession} has not written; rejects as the broker does
 */
export async function readSession(ports: ReadPorts, session: Session, record: unknown): Promise<void> {
  const { identity, refreshable, connectedAtMs, sdk, subscriptions } = v.parse(sessionRecord, record);
  const { capabilities, ...plain } = identity;
  session.begin();
  const allowed = capabilities?.map(({ channels, allow }) => ({ channels: channels.map(wildcardOf), allow }));
  const admitted = { ...plain, ...defined({ capabilities: allowed }) };
  session.admit(admitted, refreshable);
  if (closeIfRevoked(ports.revocations, session, admitted)) return;
  if (await ports.seats.take(identity.user)) session.takeSeat(identity.user);
  const gone: string[] = [];
  const attachments: Attachment[] = [];
  for (const {
    channel,
    rule,
    serverSide,
    joinLeave,
    delta,
    maxRate,
    filter: filterText,
    clientRefresh,
    grant,
    position,
  } of subscriptions) {
    const target = findTarget(ports, channel);
    if (!target.ok || target.rule.pattern.text !== rule) {
      gone.push(channel);
      continue;
    }
    // Numbers of channels are those of the node before: here the client gets their names.
    const terms = target.rule.delta ? 'on' : 'whole';
    const filter = filterText === undefined ? undefined : ports.filters.ofText(filterText);
    const options = { joinLeave, serverSide, delta: delta ? terms : 'off', maxRate, filter } as const;
    const subscription = new Subscription(session.subscriptions, target.channel, target.rule, options);
    subscription.grant(grant, clientRefresh);
    session.subscriptions.add(subscription);
    const inPages = session.takesPages;
    attachments.push(new Attachment(ports, subscription, position, { kind: 'continuation', inPages }));
  }
  let told: readonly SubscribeResult[] = [];
  const encode = (results: readonly SubscribeResult[]) => {
    told = results;
    return results.flatMap(({ publications }, index) => {
      const { channel = '', variant } = attachments[index]?.subscription ?? {};
      const delta = variant !== undefined && variant.delta !== 'off' && ({ delta: 'whole' } as const);
      return publications.map((publication) =>
        session.encodePush({ kind: 'publication', channel, publication, ...delta }),
      );
    });
  };
  const connectedMs = connectedAtMs === undefined ? 0 : Math.max(0, ports.clock.wallMs() - connectedAtMs);
  const connect = () => session.connected(sdk.name, sdk.version, connectedMs);
  if (!(await establish(ports, session, attachments, encode, connect))) return;
  for (const channel of gone) {
    session.push({ kind: 'unsubscribe', channel, unsubscribe: unsubscribeCodes.stateInvalidated });
  }
  attachments.forEach(({ subscription }, index) => {
    if (told[index]?.wasRecovering && !told[index].recovered) session.subscriptions.loseState(subscription);
  });
  unsubscribeRevoked(ports.revocations, session);
}

/** Without the data, which the client already has. */
function writtenGrant({ tokenId, issuedAtMs, info, expiresAtMs, override }: Grant) {
  return defined({ tokenId, issuedAtMs, info, expiresAtMs, override });
}

function wildcardOf({ text, isLiteral }: { readonly text: string; readonly isLiteral: boolean }): Wildcard {
  return isLiteral ? Wildcard.literal(text) : new Wildcard(text);
}
