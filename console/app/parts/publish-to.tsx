/** The form by which one publishes to a channel, as its messages are. */

/** @jsxImportSource preact */

import type { ChannelResult } from '../api-results.js';
import { PublishBytes } from './publish-bytes.js';
import { PublishForm } from './publish-form.js';

export function PublishTo({ channel: { channel, rule, schema } }: { readonly channel: ChannelResult }) {
  return rule.data === 'json' ? <PublishForm channel={channel} schema={schema} /> : <PublishBytes channel={channel} />;
}
