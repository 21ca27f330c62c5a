/** The options in force, each with its value and where that is from. */

/** @jsxImportSource preact */

import { useState } from 'preact/hooks';
import { call } from '../api.js';
import type { ConfigResult, OptionFields } from '../api-results.js';
import { Card, Page, Trouble } from '../parts/page.js';
import { type Column, Table } from '../parts/table.js';
import { usePoll } from '../poll.js';

const columns: readonly Column<OptionFields>[] = [
  {
    title: 'Option',
    cell: ({ name, about }) => (
      <>
        <code>{name}</code>
        <small class="about">{about}</small>
      </>
    ),
    isWide: true,
  },
  { title: 'Value', isWide: true, cell: ({ value }) => <code class="set">{value}</code> },
  { title: 'Set by', cell: ({ source }) => <span class={source === 'default' ? 'muted' : 'set'}>{source}</span> },
];

export function Configuration() {
  const [text, setText] = useState('');
  const [onlySet, setOnlySet] = useState(false);
  const { value, failure } = usePoll('config', () => call<ConfigResult>('config'), 30_000);
  const wanted = text.trim().toLowerCase();
  const rows = (value?.options ?? []).filter(
    ({ name, about, source }) =>
      (!onlySet || source !== 'default') && `${name} ${about}`.toLowerCase().includes(wanted),
  );
  return (
    <Page title="Configuration">
      <form class="filters" aria-label="Which options" onSubmit={(event) => event.preventDefault()}>
        <label>
          Search
          <input type="search" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </label>
        <label class="switch">
          <input type="checkbox" checked={onlySet} onChange={() => setOnlySet(!onlySet)} />
          only what is set
        </label>
      </form>
      <Trouble text={failure} />
      <Card title="In force on the node that answers">
        <Table
          caption="Options"
          columns={columns}
          rows={rows}
          keyOf={({ name }) => name}
          empty={value === undefined ? 'Asking the node …' : 'No option fits.'}
        />
      </Card>
    </Page>
  );
}
