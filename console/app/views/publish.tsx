/** Publishing to a channel that is named first. */

/** @jsxImportSource preact */

import { useState } from 'preact/hooks';
import { call } from '../api.js';
import type { ChannelResult } from '../api-results.js';
import { Filters } from '../parts/filters.js';
import { Card, Page, Trouble } from '../parts/page.js';
import { PublishTo } from '../parts/publish-to.js';
import { usePoll } from '../poll.js';
import { linkTo } from '../route.js';

const fields = [{ name: 'channel', label: 'Channel' }] as const;

export function Publish() {
  const [filter, setFilter] = useState<{ readonly channel?: string }>({});
  const { channel } = filter;
  return (
    <Page title="Publish">
      <Filters label="Which channel" fields={fields} values={filter} onChange={setFilter} />
      {channel === undefined ? <p class="empty">Name the channel first.</p> : <To key={channel} channel={channel} />}
    </Page>
  );
}

function To({ channel }: { readonly channel: string }) {
  const { value, failure } = usePoll(channel, () => call<ChannelResult>('channel', { channel }), 0);
  return (
    <>
      <Trouble text={failure} />
      {value && (
        <Card title={channel} aside={<a href={linkTo('channels', channel)}>About the channel</a>}>
          <PublishTo channel={value} />
        </Card>
      )}
    </>
  );
}
