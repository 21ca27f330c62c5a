// @ts-check
/** What is compared: each row is a server with the options that it uses. */

/** @typedef {'protobuf' | 'delta' | 'compaction' | 'deflate' | 'filter'} Option */
/** @typedef {'fanfare' | 'centrifugo' | 'socketio'} ServerName */
/**
 * @typedef {object} Row
 * @property {ServerName} server
 * @property {Option[]} options
 */

/** @type {Option[][]} The SDK refuses a filter with a delta. */
const REDUCED = [[], ['compaction'], ['filter'], ['delta'], ['delta', 'compaction']];

/** Each combination of codec and deflate with each of these. @type {Option[][]} */
const COMBINATIONS = REDUCED.flatMap((reduced) =>
  /** @type {Option[][]} */ ([[], ['deflate'], ['protobuf'], ['protobuf', 'deflate']]).map((codec) => [
    ...codec,
    ...reduced,
  ]),
);

/** @type {Row[]} */
export const ROWS = [
  ...COMBINATIONS.map((options) => /** @type {Row} */ ({ server: 'fanfare', options })),
  ...COMBINATIONS.map((options) => /** @type {Row} */ ({ server: 'centrifugo', options })),
  { server: 'socketio', options: [] },
  { server: 'socketio', options: ['deflate'] },
];

/** The quick form takes those of each option alone. @param {Row} row */
export function isSimple({ options }) {
  return options.length <= 1;
}

/** @param {Option[]} options */
export function optionsText(options) {
  const codec = options.includes('protobuf') ? 'Protobuf' : 'JSON';
  return [codec, ...options.filter((option) => option !== 'protobuf')].join(' + ');
}
