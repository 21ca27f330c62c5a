/** One channel: its rule and figures, what is published to it, what it keeps, and who is in it. */

/** @jsxImportSource preact */

import { useState } from 'preact/hooks';
import { call } from '../api.js';
import type { ChannelResult, ConnectionsResult, HistoryResult, PresenceResult, RuleFields } from '../api-results.js';
import { bytes, count, duration, jsonLine, userName } from '../format.js';
import { usePages } from '../pages.js';
import { ConnectionTable } from '../parts/connection-table.js';
import { Card, Fact, Facts, Page, Trouble } from '../parts/page.js';
import { Pager } from '../parts/pager.js';
import { PublicationList } from '../parts/publication-list.js';
import { PublishForm } from '../parts/publish-form.js';
import { Table } from '../parts/table.js';
import { Tabs } from '../parts/tabs.js';
import { Tail } from '../parts/tail.js';
import { usePoll } from '../poll.js';
import { linkTo } from '../route.js';

const tabs = ['Live tail', 'History', 'Presence', 'Subscribers', 'Publish'] as const;
type Tab = (typeof tabs)[number];
const shownPublications = 50;
const kinds = { bytes: 'bytes, for clients in protobuf', base64: 'bytes, in base64 for clients in JSON' } as const;

export function ChannelView({ channel }: { readonly channel: string }) {
  const [tab, setTab] = useState<Tab>('Live tail');
  const { value, failure } = usePoll(channel, () => call<ChannelResult>('channel', { channel }), 3_000);
  return (
    <Page title="Channel">
      <p class="subject">{channel}</p>
      <Trouble text={failure} />
      {value && <Summary channel={value} />}
      {value && (
        <section class="card">
          <Tabs<Tab> label="About the channel" tabs={tabs} selected={tab} onSelect={setTab}>
            {tab === 'Live tail' && <Tail channel={channel} />}
            {tab === 'History' && <History channel={channel} rule={value.rule} />}
            {tab === 'Presence' && <Presence channel={channel} rule={value.rule} />}
            {tab === 'Subscribers' && <Subscribers channel={channel} />}
            {tab === 'Publish' && <PublishForm channel={channel} schema={value.schema} />}
          </Tabs>
        </section>
      )}
    </Page>
  );
}

function Summary({ channel: { rule, num_clients, num_publications, position } }: { readonly channel: ChannelResult }) {
  const { history } = rule;
  return (
    <Card title="Rule and figures" aside={<code>{rule.pattern}</code>}>
      <Facts>
        <Fact name="Subscribers">{count(num_clients)}</Fact>
        <Fact name="Publications seen">{count(num_publications)}</Fact>
        {position && <Fact name="Position">{`${position.offset} in epoch ${position.epoch}`}</Fact>}
        <Fact name="May subscribe">{rule.subscribe}</Fact>
        <Fact name="May publish">{rule.publish}</Fact>
        <Fact name="History">
          {history === undefined
            ? 'none'
            : `${count(history.size)} for ${duration(history.ttl)}, read by ${history.read}; recovery ${rule.recovery}`}
        </Fact>
        <Fact name="Presence">{rule.presence === 'off' ? 'none' : `read by ${rule.presence}`}</Fact>
        <Fact name="Joins and leaves">{rule.join_leave}</Fact>
        {rule.data !== 'json' && <Fact name="Messages">{kinds[rule.data]}</Fact>}
        {rule.delta && <Fact name="Deltas">to clients that ask for them</Fact>}
        {rule.compaction && <Fact name="Name">a number, to clients that understand it</Fact>}
        <Fact name="Largest message">{bytes(rule.max_message_bytes)}</Fact>
        {rule.user_limited && <Fact name="Names">for the users behind #</Fact>}
        {rule.filter_tags.length > 0 && <Fact name="Filters">{`by ${String(rule.filter_tags)} of their tags`}</Fact>}
        {rule.batch_ms > 0 && <Fact name="Batch">{`up to ${rule.batch_ms} ms`}</Fact>}
      </Facts>
    </Card>
  );
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
