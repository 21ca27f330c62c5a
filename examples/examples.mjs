// @ts-check
/**
 * The examples with a page. Each is a folder of its name with a `build.mjs` (see scripts/build.mjs) and an `app.ts` whose
 * `example()` is what `fanfare dev --example NAME` adds to its server; README.md beside this file has the convention.
 */

/**
 * @typedef {object} ExampleEntry
 * @property {string} name of its folder, and for `--example`
 * @property {string} title
 * @property {string} about one sentence
 */

/** In the order of the list; the first is served without `--example`. @type {readonly ExampleEntry[]} */
export const examples = [
  {
    name: 'chat',
    title: 'Chat',
    about: 'Rooms, members, history and typing: every word arrives, also after a lost connection.',
  },
  {
    name: 'assistant',
    title: 'Assistant',
    about: 'A chat with a model, by the AI SDK: answers go on over reloads, on every device, and stop when told to.',
  },
  {
    name: 'live-scores',
    title: 'Live scores',
    about:
      'A match day for very many readers: the newest state for each, as differences, as often as a device wants it.',
  },
  {
    name: 'arena',
    title: 'Arena',
    about:
      'A game for up to 50 players a room: the server decides, the page predicts, and a lost connection keeps the ship.',
  },
];
