/**
 * The ways in which the official client reaches a server, and in which both may save bytes. The combinations that always run have
 * every pair of settings in one of them; `npm run test:combinations` runs all that there are.
 */

/** As the SDK names them; `sockjs` is long polling, by its hook for transports of others. */
export type TransportName = 'websocket' | 'http_stream' | 'sse' | 'sockjs';
export type Codec = 'json' | 'protobuf';

/** What the rules of the server and its listener offer; the client asks for all that its SDK can. */
export interface Offers {
  readonly delta: boolean;
  readonly compaction: boolean;
  readonly deflate: boolean;
}

export interface Combination extends Offers {
  readonly place: 'Node' | 'Chromium';
  readonly transport: TransportName;
  readonly codec: Codec;
}

/** What is in use of it on a connection. */
export interface Savings {
  readonly delta: boolean;
  readonly number: boolean;
  readonly deflate: boolean;
}

export const nothing: Offers = { delta: false, compaction: false, deflate: false };

/** Whether it carries binary, so that it has both codecs. */
const transports: Readonly<Record<TransportName, boolean>> = {
  websocket: true,
  http_stream: true,
  sse: false,
  sockjs: false,
};
const both = [false, true] as const;

export const allCombinations: readonly Combination[] = (['Node', 'Chromium'] as const).flatMap((place) =>
  Object.entries(transports).flatMap(([transport, isBinary]) =>
    (isBinary ? (['json', 'protobuf'] as const) : (['json'] as const)).flatMap((codec) =>
      both.flatMap((delta) =>
        both.flatMap((compaction) =>
          // Compression is of frames of WebSocket; streams of either codec show that it leaves others alone.
          (isBinary ? both : [false]).map((deflate) => {
            // safe: a key of the object
            return { place, transport: transport as TransportName, codec, delta, compaction, deflate };
          }),
        ),
      ),
    ),
  ),
);

const everything: Offers = { delta: true, compaction: true, deflate: true };

/** In each transport plainly, and then such that no pair of settings is left out. */
export const usualCombinations: readonly Combination[] = [
  { place: 'Node', transport: 'websocket', codec: 'json', ...nothing },
  { place: 'Node', transport: 'websocket', codec: 'protobuf', ...nothing },
  { place: 'Node', transport: 'http_stream', codec: 'json', ...nothing },
  { place: 'Node', transport: 'http_stream', codec: 'protobuf', ...nothing },
  { place: 'Node', transport: 'sse', codec: 'json', ...nothing },
  { place: 'Node', transport: 'sockjs', codec: 'json', ...nothing },
  { place: 'Node', transport: 'websocket', codec: 'json', ...everything },
  { place: 'Chromium', transport: 'websocket', codec: 'json', ...everything, delta: false },
  { place: 'Chromium', transport: 'websocket', codec: 'protobuf', ...everything },
  { place: 'Chromium', transport: 'http_stream', codec: 'json', ...everything, deflate: false },
  { place: 'Chromium', transport: 'http_stream', codec: 'protobuf', ...everything, compaction: false },
  { place: 'Chromium', transport: 'sse', codec: 'json', ...everything, deflate: false },
  { place: 'Chromium', transport: 'sockjs', codec: 'json', ...everything, deflate: false },
];

/** Those that are to run now, with names. */
export function combinationsIn(
  place: Combination['place'],
  transport?: TransportName,
  codec?: Codec,
): readonly (Combination & { readonly name: string })[] {
  const chosen = process.env.FANFARE_TEST_COMBINATIONS === 'all' ? allCombinations : usualCombinations;
  return chosen
    .filter((one) => one.place === place)
    .filter((one) => (transport ?? one.transport) === one.transport && (codec ?? one.codec) === one.codec)
    .map((one) => ({ ...one, name: nameOf(one) }));
}

function nameOf({ transport, codec, delta, compaction, deflate }: Combination): string {
  const offers = Object.entries({ delta, compaction, deflate }).flatMap(([offer, isOn]) => (isOn ? [offer] : []));
  return `${transport} in ${codec}${offers.length === 0 ? '' : ` with ${offers.join(', ')}`}`;
}

export function savingsOf({ transport, codec, delta, compaction, deflate }: Combination): Savings {
  return {
    delta,
    // In protobuf the SDK would drop what comes with a number, so the server has none for it.
    number: compaction && codec === 'json',
    deflate: deflate && transport === 'websocket',
  };
}
