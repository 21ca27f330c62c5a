// @ts-check
/** The three recorded loads: made by the repository itself, the same in each run. */
import { seeded } from '../shared/seeded.mjs';

/**
 * @typedef {object} Message
 * @property {object} data
 * @property {Record<string, string>} tags
 */
/**
 * @typedef {object} Load
 * @property {string} label
 * @property {number} ratePerSec
 * @property {(count: number) => Message[]} make
 * @property {{ key: string, cmp: 'eq', val: string }} filter
 * @property {(data: object) => Uint8Array} [pack] a message as an application packs it that sends bytes; absent: it would be text
 */

const LANGUAGES = ['en', 'de', 'fr', 'pt'];
const FIELDS = 40;
const CHANGING_FIELDS = 2;
const PLAYERS = 16;
const ZONES = 4;
const MAP_SIZE = 4096;
const WORDS =
  'the match was not over yet when somebody asked who would bring drinks and everyone had an opinion about goals cards tactics weather trains home and the long way back'.split(
    ' ',
  );

/** @type {Readonly<Record<string, Load>>} */
export const LOADS = {
  chat: {
    label: 'chat, one to 25 words in four languages; the filter is for one of them',
    ratePerSec: 100,
    make(count) {
      const random = seeded(1);
      return Array.from({ length: count }, (_, n) => {
        const words = Array.from({ length: 1 + random(25) }, () => WORDS[random(WORDS.length)]);
        const lang = LANGUAGES[random(LANGUAGES.length)] ?? '';
        return {
          data: { n, from: `user-${random(300)}`, text: words.join(' '), at: 1796040000000 + n },
          tags: { lang },
        };
      });
    },
    filter: { key: 'lang', cmp: 'eq', val: 'en' },
  },
  scores: {
    label: 'live scores, 40 fields of which two change; the filter is for one of three kinds',
    ratePerSec: 100,
    make(count) {
      const random = seeded(2);
      /** @type {Record<string, number>} */
      const fields = {};
      for (let i = 0; i < FIELDS; i++) fields[`statistic_${i}`] = random(100);
      return Array.from({ length: count }, (_, n) => {
        for (let i = 0; i < CHANGING_FIELDS; i++) {
          const field = `statistic_${random(FIELDS)}`;
          fields[field] = (fields[field] ?? 0) + 1;
        }
        return {
          data: { n, match: 'lions-bears', ...fields },
          tags: { kind: ['score', 'odds', 'clock'][n % 3] ?? '' },
        };
      });
    },
    filter: { key: 'kind', cmp: 'eq', val: 'score' },
    pack: packNumbers,
  },
  game: {
    label: 'a game at 20 ticks a second, 16 players of which a half move; the filter is for one of four zones',
    // Faster than it is played, so that a run is short: the bytes are the same, and a server has more to do.
    ratePerSec: 100,
    make(count) {
      const random = seeded(3);
      const players = Array.from({ length: PLAYERS }, (_, id) => ({
        id,
        x: random(MAP_SIZE),
        y: random(MAP_SIZE),
        hp: 100,
      }));
      return Array.from({ length: count }, (_, n) => {
        for (const player of players) {
          if (random(2) === 0) continue;
          player.x = (player.x + random(9) - 4 + MAP_SIZE) % MAP_SIZE;
          player.y = (player.y + random(9) - 4 + MAP_SIZE) % MAP_SIZE;
          if (random(20) === 0) player.hp = Math.max(0, player.hp - random(10));
        }
        return { data: { n, players: players.map((player) => ({ ...player })) }, tags: { zone: `${n % ZONES}` } };
      });
    },
    filter: { key: 'zone', cmp: 'eq', val: '0' },
    pack: packNumbers,
  },
};

/**
 * The numbers of a message in their order, 16 bits each: both sides know what is where.
 * @param {object} data
 */
function packNumbers(data) {
  /** @type {(value: unknown) => number[]} */
  const numbersIn = (value) => {
    if (typeof value === 'number') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
  };
  return Buffer.from(Uint16Array.from(numbersIn(data)).buffer);
}
