/** The tables of docs/guide/clients.md, made of what clients did. */

import type { ClientResult, EventResult, LineResult, WebSocketResult } from './results.js';
import type { StreamFacts } from './stream-facts.js';
import type { Told } from './websocket-facts.js';

/** How long silence was watched, in seconds. */
const watchedSec = 75;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

function size(bytes: number | null): string {
  if (bytes === null) return 'none';
  if (bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MiB`;
  return bytes % 1_024 === 0 ? `${bytes / 1_024} KiB` : `${bytes.toLocaleString('en')} bytes`;
}

const code = (text: string) => `\`${text.replaceAll('`', "'").replaceAll(/\s+/g, ' ').trim()}\``;

/** What is left of an error's text: its first 90 characters. */
const short = (text: string) => (text.length > 90 ? `${text.slice(0, 90)}…` : text);

const steps = ({ events }: Told) => (events.length === 0 ? 'nothing' : events.map(code).join(', '));

function end(told: Told): string {
  if (told.code === undefined) return steps(told);
  return told.reason === undefined || told.reason === '' ? String(told.code) : `${told.code}, reason`;
}

function refusal(told: Told): string {
  const shows =
    told.status === undefined ? 'neither' : told.retryAfter === undefined ? 'the status' : 'status and `Retry-After`';
  return `${shows}; ${steps(told)}${told.code === undefined ? '' : ` ${told.code}`}`;
}

const named = ({ name, version }: ClientResult) => [name, version];

/** The smallest first. */
const byLimit = (limit: (result: ClientResult) => number | null) => (a: ClientResult, b: ClientResult) =>
  (limit(a) ?? Number.POSITIVE_INFINITY) - (limit(b) ?? Number.POSITIVE_INFINITY) || 0;

function sizes(results: readonly WebSocketResult[]): string {
  const limited = results.filter(({ facts }) => facts.maxMessageBytes !== null);
  return table(
    ['client', 'version', 'limit', 'what it tells of a larger one', 'closes with'],
    [...limited].sort(byLimit((result) => (result as WebSocketResult).facts.maxMessageBytes)).map((result) => {
      const { maxMessageBytes, tooLarge } = result.facts;
      const text = tooLarge?.text === undefined ? (tooLarge === null ? '' : end(tooLarge)) : code(short(tooLarge.text));
      return [...named(result), size(maxMessageBytes), text, String(tooLarge?.closeCode ?? '')];
    }),
  );
}

function ends(results: readonly WebSocketResult[]): string {
  return table(
    ['client', 'version', '503 with `Retry-After`', 'nobody listens', 'closed with 3501', 'without a code', 'reset'],
    results.map((result) => {
      const { refused, unreachable, closed, closedBare, reset } = result.facts;
      const others = [unreachable, closed, closedBare, reset];
      const [first, second, third, last] = others.map((told, n) => (n === 0 || n === 3 ? lost(told) : end(told)));
      return [...named(result), refusal(refused), first ?? '', second ?? '', third ?? '', last ?? ''];
    }),
  );
}

const lost = (told: Told) => `${steps(told)}${told.code === undefined ? '' : ` ${told.code}`}`;

function times(results: readonly WebSocketResult[]): string {
  return table(
    ['client', 'version', 'silence', 'with Fanfare', 'pings of its own', 'offers'],
    results.map((result) => {
      const { silenceSec, pingsEverySec, staysWithFanfare } = result.patience;
      const { extensions, protocol } = result.facts.offers;
      const offers = [extensions?.split(/[;,]/)[0], protocol].filter((one) => one !== undefined).map(code);
      return [
        ...named(result),
        silenceSec === null ? 'stays' : `ends after ${silenceSec} s`,
        staysWithFanfare ? 'stays' : 'does not stay',
        pingsEverySec === null ? '' : `every ${pingsEverySec} s`,
        offers.join(', '),
      ];
    }),
  );
}

function again(told: StreamFacts['refused']['503']): string {
  if (told.againAfterSec !== null) return `again after ${told.againAfterSec} s`;
  if (told.events.length === 0) return 'nothing';
  return told.status === undefined ? 'ends' : `ends, status`;
}

function silence({ silenceSec, fanfareSec }: { silenceSec: number | null; fanfareSec: number | null }): string {
  if (silenceSec === null) return 'stays';
  const what = `ends after ${silenceSec} s`;
  return fanfareSec === null ? `${what}; stays with Fanfare` : `${what}; with Fanfare after ${fanfareSec} s`;
}

function events(results: readonly EventResult[]): string {
  return table(
    ['client', 'version', 'silence', 'empty messages', 'after a cut', '503', '401', '204'],
    results.map((result) => {
      const { cut, refused, emptyOfCommentBlocks, emptyOfLoneComments } = result.facts;
      const empty = [
        emptyOfLoneComments > 0 ? 'of each comment' : '',
        emptyOfLoneComments === 0 && emptyOfCommentBlocks > 0 ? 'of a comment with a blank line' : '',
        result.patience.hasEmpty ? '**with Fanfare**' : '',
      ].filter((text) => text !== '');
      const back =
        cut === null
          ? 'is over'
          : `back after ${cut.afterSec} s${cut.lastEventId === '7' ? ' with `Last-Event-ID`' : ', **without its place**'}`;
      return [
        ...named(result),
        silence(result.patience),
        empty.join(', '),
        back,
        again(refused[503]),
        again(refused[401]),
        again(refused[204]),
      ];
    }),
  );
}

function longest(results: readonly (EventResult | LineResult)[]): string {
  const limited = results.filter(({ facts }) => facts.maxLineBytes !== null);
  return table(
    ['client', 'version', 'longest line', 'what it tells of a longer one'],
    [...limited].sort(byLimit((result) => (result as LineResult).facts.maxLineBytes)).map((result) => {
      const { maxLineBytes, tooLong } = result.facts;
      const text = tooLong?.text === undefined ? (tooLong === null ? '' : steps(tooLong)) : code(short(tooLong.text));
      return [...named(result), size(maxLineBytes), text];
    }),
  );
}

function lines(results: readonly LineResult[]): string {
  return table(
    ['client', 'version', 'silence', '503'],
    results.map((result) => {
      const { retryAfter, status } = result.facts.refused[503];
      const shows =
        retryAfter !== undefined ? 'status and `Retry-After`' : status !== undefined ? 'the status' : 'neither';
      const { isHeldBack } = result.patience;
      const waits = isHeldBack ? '; **waits for more** before it hands out a line' : '';
      return [...named(result), `${silence(result.patience)}${waits}`, shows];
    }),
  );
}

const readTimeout = 'nothing on `/sse` and `/stream`; elsewhere';

/** What to set against giving up in silence, by client. */
const remedies: Readonly<Record<string, string>> = {
  Jetty: 'nothing: a ping comes before. `setIdleTimeout` if you raise `limits.pingInterval`',
  'aiohttp-lines': '`ClientTimeout(total=None, sock_read=40)`',
  'aiohttp-sse-client2': '`EventSource(url, timeout=ClientTimeout(total=None, sock_read=40))`',
  'httpx-lines': `${readTimeout} \`timeout=httpx.Timeout(5, read=40)\``,
  'httpx-sse': `${readTimeout} \`timeout=httpx.Timeout(5, read=40)\``,
  'okhttp-eventsource': `${readTimeout} \`ConnectStrategy.http(uri).readTimeout(40, SECONDS)\``,
  'okhttp-lines': `${readTimeout} \`readTimeout(40, SECONDS)\``,
  'okhttp-sse': `${readTimeout} \`readTimeout(40, SECONDS)\``,
};

function timeOuts(results: readonly ClientResult[]): string {
  const rows = results.flatMap((result) => {
    const { silenceSec } = result.patience;
    const inAllSec = result.kind === 'websocket' ? null : result.patience.fanfareSec;
    if (silenceSec === null && inAllSec === null) return [];
    const remedy = remedies[result.id];
    if (remedy === undefined) throw new Error(`${result.id} gives up: what is to be set?`);
    const when = inAllSec === null ? `after ${silenceSec} s of silence` : `after ${inAllSec} s in all, whatever comes`;
    return [[`${result.name} ${result.version}`, when, remedy]];
  });
  return table(['client', 'gives up', 'what to set'], rows);
}

/** By the name of the place in the page. */
export function tables(results: readonly ClientResult[]): ReadonlyMap<string, string> {
  const sockets = results.filter((result) => result.kind === 'websocket');
  const eventReaders = results.filter((result) => result.kind === 'events');
  const lineReaders = results.filter((result) => result.kind === 'lines');
  const unlimited = sockets
    .filter(({ facts }) => facts.maxMessageBytes === null)
    .map(({ name, version }) => `${name} ${version}`);
  return new Map([
    ['sizes', `${sizes(sockets)}\n\nMet no limit in up to 128 MiB, or a minute of reading: ${unlimited.join('; ')}.`],
    ['ends', ends(sockets)],
    ['times', `What stays was watched for ${watchedSec} seconds.\n\n${times(sockets)}`],
    ['events', events(eventReaders)],
    ['lines', lines(lineReaders)],
    ['time-outs', timeOuts(results)],
    ['longest', longest([...eventReaders, ...lineReaders])],
  ]);
}
