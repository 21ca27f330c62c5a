/** What an operator asks about the fleet: its nodes, connections, channels and recent events, in bounded answers. */

import * as v from 'valibot';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Rule } from '../channels/rule.js';
import type { Cluster } from '../cluster/cluster.js';
import type { NodeEvent, RecentEvents } from '../log/recent-events.js';
import { type ChannelMatcher, findChannel } from '../operations/clients.js';
import {
  type ChannelFigures,
  type ChannelPorts,
  channelAnswer,
  channelQuestion,
  channelsAnswer,
  channelsHere,
  channelsQuestion,
  figuresHere,
  merged,
} from './channels.js';
import {
  type ConnectionDetails,
  type ConnectionFilter,
  type ConnectionPorts,
  type ConnectionSummary,
  connectionDetails,
  connectionsAnswer,
  connectionsHere,
  connectionsQuestion,
  detailsHere,
} from './connections.js';
import { type EventFilter, eventsAnswer, eventsHere, eventsQuestion } from './events.js';
import { type NodeReport, NodeReports, type ReportPorts, readReport } from './node-report.js';
import { maxTails, type TailAnswer, type TailPorts, Tails, tailAnswer, tailQuestion } from './tails.js';

/** Longest wait for the answers of other nodes. */
const deadlineMs = 2_000;

export interface InspectionPorts extends ReportPorts, ConnectionPorts, ChannelPorts, TailPorts, ChannelMatcher {
  readonly hub: ReportPorts['hub'];
  readonly cluster: Pick<Cluster, 'serve' | 'ask' | 'askAll' | 'ids' | 'has'>;
  readonly recentEvents: RecentEvents;
}

/** Where a list of connections goes on: in this node, after its connection of that number. */
export interface ConnectionsCursor {
  readonly node: string;
  readonly after: number;
}

export interface ConnectionsPage {
  readonly connections: readonly (ConnectionSummary & { readonly node: string })[];
  /** Absent at the end. */
  readonly next?: ConnectionsCursor;
}

export interface ChannelsPage {
  readonly channels: readonly (Omit<ChannelFigures, 'numSlow'> & {
    readonly name: string;
    readonly rule: string | undefined;
  })[];
  /** The name after which it goes on; absent at the end. */
  readonly next?: string;
}

/** The last event of each node that has been seen, by the node's id. */
export type EventsCursor = Readonly<Record<string, number>>;

export interface EventsPage {
  /** The newest first. */
  readonly events: readonly (NodeEvent & { readonly node: string })[];
  readonly next: EventsCursor;
  /** More has happened than is told. */
  readonly isCut: boolean;
}

export interface TailCursor {
  readonly node: string;
  readonly after: number;
}

/** Every method rejects with a `FanfareError` as those of `Operations` do. Nodes that do not answer in time are left out. */
export class Inspection {
  readonly #reports: NodeReports;
  readonly #tails: Tails;

  constructor(private readonly ports: InspectionPorts) {
    this.#reports = new NodeReports(ports);
    this.#tails = new Tails(ports);
    const { cluster } = ports;
    cluster.serve('node_report', () => this.#reports.own());
    cluster.serve('connections', (body) => connectionsHere(ports, v.parse(connectionsQuestion, body)));
    cluster.serve(
      'connection',
      (body) => detailsHere(ports, v.parse(v.object({ client: v.string() }), body).client) ?? null,
    );
    cluster.serve('channels_page', (body) => channelsHere(ports, v.parse(channelsQuestion, body)));
    cluster.serve('channel_figures', (body) => figuresHere(ports, v.parse(channelQuestion, body).channel));
    cluster.serve('events', (body) => eventsHere(ports, v.parse(eventsQuestion, body)));
    cluster.serve('tail', (body) => {
      const { channel, after } = v.parse(tailQuestion, body);
      return this.#tailHere(channel, after);
    });
  }

  /** The figures of all nodes; this one is the first. */
  async nodes(): Promise<NodeReport[]> {
    const [own, others] = await Promise.all([this.#reports.own(), this.#askAll('node_report', {})]);
    return [own, ...others.flatMap(readReport)];
  }

  /** Node after node, in each in the order in which they were let in. */
  async connections(filter: ConnectionFilter, limit: number, cursor?: ConnectionsCursor): Promise<ConnectionsPage> {
    const { id, cluster } = this.ports;
    const nodes = [id, ...cluster.ids()].sort().filter((node) => cursor === undefined || node >= cursor.node);
    const connections: (ConnectionSummary & { readonly node: string })[] = [];
    for (const node of nodes) {
      const after = node === cursor?.node ? cursor.after : 0;
      // Full, and whether the next node has any is not known yet.
      if (connections.length === limit) return { connections, next: { node, after } };
      const question = { filter, after, limit: limit - connections.length };
      const answer = await this.#connectionsOf(node, question);
      if (answer === undefined) continue;
      connections.push(...answer.connections.map((connection) => ({ ...connection, node })));
      if (!answer.isEnd) return { connections, next: { node, after: answer.after } };
    }
    return { connections };
  }

  /** @returns `undefined` if no node has it (any more) */
  async connection(client: string): Promise<(ConnectionDetails & { readonly node: string }) | undefined> {
    const { id, cluster } = this.ports;
    const own = detailsHere(this.ports, client);
    if (own !== undefined) return { ...own, node: id };
    const nodes = cluster.ids();
    const answers = await Promise.all(nodes.map((node) => cluster.ask(node, 'connection', { client }, { deadlineMs })));
    for (const [at, answer] of answers.entries()) {
      const parsed = v.safeParse(connectionDetails, answer.ok ? answer.body : undefined);
      if (parsed.success) return { ...parsed.output, node: nodes[at] ?? '' };
    }
    return undefined;
  }

  /** By name. @throws FanfareError `ERR_PATTERN` */
  async channels(pattern: string, limit: number, after = ''): Promise<ChannelsPage> {
    const question = { pattern, after, limit };
    // First, so that an invalid pattern is not sent to the other nodes.
    const own = await channelsHere(this.ports, question);
    const others = (await this.#askAll('channels_page', question)).flatMap((answer) => {
      const parsed = v.safeParse(channelsAnswer, answer);
      return parsed.success ? [parsed.output] : [];
    });
    const rows = merged([own, ...others], limit);
    const last = rows.at(-1)?.[0];
    return {
      channels: rows.map(([name, numClients, numPublications]) => ({
        name,
        rule: this.#ruleOf(name)?.pattern.text,
        numClients,
        numPublications,
      })),
      ...(rows.length === limit && last !== undefined && { next: last }),
    };
  }

  /** One channel with its rule. @throws FanfareError `ERR_CHANNEL_NAME`, `ERR_UNKNOWN_CHANNEL` */
  async channel(channel: string): Promise<ChannelFigures & { readonly rule: Rule }> {
    const { rule } = findChannel(this.ports, channel);
    const answers = (await this.#askAll('channel_figures', { channel })).flatMap((answer) => {
      const parsed = v.safeParse(channelAnswer, answer);
      return parsed.success ? [parsed.output] : [];
    });
    const all = [figuresHere(this.ports, channel), ...answers];
    return {
      rule,
      numClients: all.reduce((sum, { numClients }) => sum + numClients, 0),
      numPublications: Math.max(...all.map(({ numPublications }) => numPublications)),
      numSlow: all.reduce((sum, { numSlow }) => sum + numSlow, 0),
    };
  }

  /** The newest events of all nodes after those that have been seen. */
  async events(filter: EventFilter, limit: number, after: EventsCursor = {}): Promise<EventsPage> {
    const question = { filter, after, limit };
    const others = (await this.#askAll('events', question)).flatMap((answer) => {
      const parsed = v.safeParse(eventsAnswer, answer);
      return parsed.success ? [parsed.output] : [];
    });
    const answers = [eventsHere(this.ports, question), ...others];
    const events = answers.flatMap(({ node, events: some }) => some.map((event) => ({ ...event, node })));
    events.sort((a, b) => b.atMs - a.atMs || b.seq - a.seq);
    return {
      events: events.slice(0, limit),
      next: Object.fromEntries(answers.map(({ node, lastSeq }) => [node, lastSeq])),
      isCut: events.length > limit || answers.some(({ isCut }) => isCut),
    };
  }

  /**
   * What is published to a channel, from the first call on; without a cursor nothing yet. One node watches it, which the
   * cursor names.
   *
   * @throws FanfareError `ERR_CHANNEL_NAME`, `ERR_UNKNOWN_CHANNEL`, `ERR_NOT_AVAILABLE` if too many are watched
   */
  async tail(channel: string, cursor?: TailCursor): Promise<TailAnswer> {
    const { id, cluster } = this.ports;
    findChannel(this.ports, channel);
    if (cursor !== undefined && cursor.node !== id && cluster.has(cursor.node)) {
      const answer = await cluster.ask(cursor.node, 'tail', { channel, after: cursor.after }, { deadlineMs });
      const parsed = v.safeParse(tailAnswer, answer.ok ? answer.body : undefined);
      if (parsed.success) return parsed.output;
    }
    const isHere = cursor === undefined || cursor.node === id;
    const answer = await this.#tailHere(channel, isHere ? cursor?.after : 0);
    return isHere ? answer : { ...answer, isCut: true };
  }

  close(): void {
    this.#tails.close();
  }

  async #tailHere(channel: string, after: number | undefined): Promise<TailAnswer> {
    const { name } = findChannel(this.ports, channel);
    const answer = await this.#tails.read(name, after);
    if (answer !== undefined) return answer;
    throw new FanfareError('ERR_NOT_AVAILABLE', `this node watches ${maxTails} channels already`);
  }

  async #connectionsOf(node: string, question: v.InferInput<typeof connectionsQuestion>) {
    const { id, cluster } = this.ports;
    if (node === id) return connectionsHere(this.ports, question);
    const answer = await cluster.ask(node, 'connections', question, { deadlineMs });
    const parsed = v.safeParse(connectionsAnswer, answer.ok ? answer.body : undefined);
    return parsed.success ? parsed.output : undefined;
  }

  #ruleOf(channel: string): Rule | undefined {
    try {
      return findChannel(this.ports, channel).rule;
    } catch (error) {
      // The rule of a channel with subscribers may just have been removed.
      if (error instanceof FanfareError) return undefined;
      throw error;
    }
  }

  #askAll(about: string, body: unknown): Promise<unknown[]> {
    return this.ports.cluster.askAll(about, body, { deadlineMs });
  }
}
