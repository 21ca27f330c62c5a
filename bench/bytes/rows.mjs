// @ts-check
/** What is compared: each row is a server with the options that it uses. */

/**
 * `http`: HTTP streaming in place of WebSocket. `binary`: messages are bytes of the application's own, in place of JSON.
 * @typedef {'protobuf' | 'http' | 'binary' | 'deflate' | 'dictionary' | 'delta' | 'compaction' | 'filter'} Option
 */
/** @typedef {'fanfare' | 'centrifugo' | 'socketio'} ServerName */
/**
 * @typedef {object} Row
 * @property {ServerName} server
 * @property {Option[]} options
 */

/** The SDK refuses a filter with a delta. @type {Option[][]} */
const REDUCED = [[], ['compaction'], ['filter'], ['delta'], ['delta', 'compaction']];

/** Streams are not compressed. @type {Option[][]} */
const CARRIERS = [[], ['deflate'], ['protobuf'], ['protobuf', 'deflate'], ['http'], ['protobuf', 'http']];

/** Deltas are those of JSON. @type {Option[][]} */
const BINARY = [[], ['deflate'], ['http'], ['filter'], ['deflate', 'filter']];

/** In protobuf the official SDK drops what comes with a number. @param {Option[]} options */
const isUnderstood = (options) => !options.includes('protobuf') || !options.includes('compaction');

/** @param {Option[][]} carriers @param {Option[][]} reduced */
const product = (carriers, reduced) =>
  carriers.flatMap((carrier) => reduced.map((each) => [...carrier, ...each])).filter(isUnderstood);

/** What both servers that speak the protocol have. @type {Option[][]} */
const SHARED = [...product(CARRIERS, REDUCED), ...product([['protobuf', 'binary']], BINARY)];

/** @type {Option[][]} */
const WITH_DICTIONARY = [
  ...product([['dictionary'], ['protobuf', 'dictionary']], REDUCED),
  ...product([['protobuf', 'binary', 'dictionary']], [[], ['filter']]),
];

/** @type {Row[]} */
export const ROWS = [
  ...[...SHARED, ...WITH_DICTIONARY].map((options) => /** @type {Row} */ ({ server: 'fanfare', options })),
  ...SHARED.map((options) => /** @type {Row} */ ({ server: 'centrifugo', options })),
  { server: 'socketio', options: [] },
  { server: 'socketio', options: ['deflate'] },
];

/** What the quick form shows in protobuf, too: it has a way of its own there. @type {Option[]} */
const APART = ['http', 'binary', 'dictionary'];

/** The quick form takes those of each option alone. @param {Row} row */
export function isSimple({ options }) {
  const [option, ...more] = options.filter((each) => each !== 'protobuf');
  return more.length === 0 && (option === undefined || !options.includes('protobuf') || APART.includes(option));
}

/** @param {Option[]} options */
export function optionsText(options) {
  const codec = options.includes('protobuf') ? 'Protobuf' : 'JSON';
  return [codec, ...options.filter((option) => option !== 'protobuf')].join(' + ');
}
