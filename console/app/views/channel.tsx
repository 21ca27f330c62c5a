/** One channel: its rule and figures, what is published to it, what it keeps, and who is in it. */

/** @jsxImportSource preact */

import { useState } from 'preact/hooks';
import { call } from '../api.js';
import type {
  ChannelResult,
  ConnectionsResult,
  HistoryResult,
  MapResult,
  PresenceResult,
  RuleFields,
} from '../api-results.js';
import { bytes, count, duration, jsonLine, userName } from '../format.js';
import { usePages } from '../pages.js';
import { ConnectionTable } from '../parts/connection-table.js';
import { Card, Fact, Facts, Page, Trouble } from '../parts/page.js';
import { Pager } from '../parts/pager.js';
import { PublicationList } from '../parts/publication-list.js';
import { PublishTo } from '../parts/publish-to.js';
import { Table } from '../parts/table.js';
import { Tabs } from '../parts/tabs.js';
import { Tail } from '../parts/tail.js';
import { usePoll } from '../poll.js';
import { linkTo } from '../route.js';

const tabs = ['Live tail', 'History', 'Presence', 'Subscribers', 'Publish'] as const;
/** Of a map, which has keys in place of messages. */
const tabsOfMap = ['Keys', 'Live tail', 'Presence', 'Subscribers'] as const;
type Tab = (typeof tabs | typeof tabsOfMap)[number];
const shownPublications = 50;
const kinds = { bytes: 'bytes, for clients in protobuf', base64: 'bytes, in base64 for clients in JSON' } as const;

export function ChannelView({ channel }: { readonly channel: string }) {
  const [chosen, setTab] = useState<Tab>();
  const { value, failure } = usePoll(channel, () => call<ChannelResult>('channel', { channel }), 3_000);
  const shown: readonly Tab[] = value?.rule.map === undefined ? tabs : tabsOfMap;
  const tab = chosen ?? shown[0];
  return (
    <Page title="Channel">
      <p class="subject">{channel}</p>
      <Trouble text={failure} />
      {value && <Summary channel={value} />}
      {value && (
        <section class="card">
          <Tabs<Tab> label="About the channel" tabs={shown} selected={tab ?? 'Live tail'} onSelect={setTab}>
            {tab === 'Keys' && <Keys channel={channel} />}
            {tab === 'Live tail' && <Tail channel={channel} />}
            {tab === 'History' && <History channel={channel} rule={value.rule} />}
            {tab === 'Presence' && <Presence channel={channel} rule={value.rule} />}
            {tab === 'Subscribers' && <Subscribers channel={channel} />}
            {tab === 'Publish' && <PublishTo channel={value} />}
          </Tabs>
        </section>
      )}
    </Page>
  );
}

function Summary({ channel }: { readonly channel: ChannelResult }) {
  const { rule, num_clients, num_publications, num_slow, position } = channel;
  const { history, map } = rule;
  return (
    <Card title="Rule and figures" aside={<code>{rule.pattern}</code>}>
      <Facts>
        <Fact name="Subscribers">{count(num_clients)}</Fact>
        <Fact name="Publications seen">{count(num_publications)}</Fact>
        {position && (
          <Fact name="Position">
            {position.offset} in epoch <span class="id">{position.epoch}</span>
          </Fact>
        )}
        <Fact name="May subscribe">{rule.subscribe}</Fact>
        <Fact name="May publish">{rule.publish}</Fact>
        <Fact name="History">
          {history === undefined
            ? 'none'
            : `${count(history.size)} for ${duration(history.ttl)}, read by ${history.read}; recovery ${rule.recovery}`}
        </Fact>
        {map !== undefined && <Fact name="Map">{mapText(map)}</Fact>}
        <Fact name="Presence">{rule.presence === 'off' ? 'none' : `read by ${rule.presence}`}</Fact>
        <Fact name="Joins and leaves">{rule.join_leave}</Fact>
        {rule.data !== 'json' && <Fact name="Messages">{kinds[rule.data]}</Fact>}
        {rule.delta && <Fact name="Deltas">to clients that ask for them</Fact>}
        {rule.compaction && <Fact name="Name">a number, to clients that understand it</Fact>}
        <Fact name="Largest message">{bytes(rule.max_message_bytes)}</Fact>
        {rule.slow !== 'disconnect' && (
          <Fact name="Slow readers">{`${count(num_slow)} at present; policy ${rule.slow}`}</Fact>
        )}
        {rule.user_limited && <Fact name="Names">for the users behind #</Fact>}
        {rule.filter_tags.length > 0 && <Fact name="Filters">{`by ${String(rule.filter_tags)} of their tags`}</Fact>}
        {rule.max_rate && <Fact name="Rates">{rateText(rule.max_rate)}</Fact>}
        {rule.batch_ms > 0 && <Fact name="Batch">{`up to ${rule.batch_ms} ms`}</Fact>}
      </Facts>
    </Card>
  );
}

function rateText({ default: usual, max }: NonNullable<RuleFields['max_rate']>): string {
  const who = usual === undefined ? 'all' : `${usual} publications a second`;
  return `${who}, and clients that ask ${max === undefined ? 'as many as they like' : `up to ${max}`}`;
}

function mapText({ size, max_bytes, ttl, key, presence }: NonNullable<RuleFields['map']>): string {
  const most = `up to ${count(size)} keys in ${bytes(max_bytes)}`;
  if (presence !== undefined) return `the ${presence} in the channel whose name follows; ${most}`;
  return `${most}, kept ${ttl === undefined ? 'until removed' : `for ${duration(ttl)}`}; clients change ${key === 'any' ? 'any key' : `the key of their ${key}`}`;
}

interface PartProps {
  readonly channel: string;
  readonly rule: RuleFields;
}

function History({ channel, rule }: PartProps) {
  const load = () => call<HistoryResult>('history', { channel, limit: shownPublications, reverse: true });
  const { value, failure, again } = usePoll(`history ${channel}`, load, 0);
  if (rule.history === undefined) return <p class="empty">Its rule keeps no history.</p>;
  return (
    <>
      <p class="toolbar">
        <button type="button" onClick={again}>
          Read again
        </button>
        {value && <span>{`the newest ${value.publications.length}, up to offset ${value.offset}`}</span>}
      </p>
      <Trouble text={failure} />
      <PublicationList publications={value?.publications ?? []} empty="Nothing is kept at present." />
    </>
  );
}

/** The keys of a map in the order of their last changes, page by page. */
function Keys({ channel }: { readonly channel: string }) {
  const pages = usePages(channel);
  const { cursor } = pages;
  const load = () => call<MapResult>('map_read_state', { channel, cursor, limit: shownPublications });
  const { value, failure, again } = usePoll(`keys ${channel} ${cursor}`, load, 5_000);
  return (
    <>
      <p class="toolbar">
        <button type="button" onClick={again}>
          Read again
        </button>
        {value?.num_keys !== undefined && <span>{`${count(value.num_keys)} keys`}</span>}
      </p>
      <Trouble text={failure} />
      <Table
        caption="Keys of the map"
        rows={value?.entries ?? []}
        keyOf={({ key }) => key}
        empty={value === undefined ? 'Reading …' : 'It has no keys.'}
        columns={[
          { title: 'Key', cell: ({ key }) => <code>{key}</code> },
          { title: 'Value', isWide: true, cell: ({ data }) => jsonLine(data, 200) },
          { title: 'Version', isNumber: true, cell: ({ offset }) => count(offset ?? 0) },
          { title: 'Set by', cell: ({ info }) => (info === undefined ? 'the server' : userName(info.user)) },
        ]}
      />
      <Pager pages={pages} cursor={value?.cursor} />
    </>
  );
}

function Presence({ channel, rule }: PartProps) {
  const load = () => call<PresenceResult>('presence', { channel });
  const { value, failure } = usePoll(`presence ${channel}`, load, rule.presence === 'off' ? 0 : 5_000);
  if (rule.presence === 'off') return <p class="empty">Its rule keeps no presence.</p>;
  const clients = Object.values(value?.presence ?? {}).slice(0, 200);
  return (
    <>
      <Trouble text={failure} />
      <Table
        caption="Clients in the channel"
        rows={clients}
        keyOf={({ client }) => client}
        empty="Nobody is present."
        columns={[
          { title: 'User', isWide: true, cell: ({ user }) => userName(user) },
          {
            title: 'Client',
            cell: ({ client }) => (
              <a class="id" href={linkTo('connections', client)}>
                {client}
              </a>
            ),
          },
          { title: 'About the connection', cell: ({ conn_info }) => jsonLine(conn_info ?? null, 80) },
          { title: 'About the subscription', cell: ({ chan_info }) => jsonLine(chan_info ?? null, 80) },
        ]}
      />
    </>
  );
}

function Subscribers({ channel }: { readonly channel: string }) {
  const pages = usePages(channel);
  const { cursor } = pages;
  const load = () => call<ConnectionsResult>('connections', { channel, cursor, limit: 50 });
  const { value, failure } = usePoll(`${channel} ${cursor}`, load, 5_000);
  return (
    <>
      <Trouble text={failure} />
      <ConnectionTable connections={value?.connections ?? []} empty="It has no subscribers." />
      <Pager pages={pages} cursor={value?.cursor} />
    </>
  );
}
