// @ts-check
/** What can be chosen, how it is asked for, and what is taken without an answer. */

/** @typedef {'chat' | 'dashboard' | 'game'} Kind */
/** @typedef {'server' | 'express' | 'fastify' | 'hono' | 'next'} Host */
/** @typedef {'memory' | 'redis'} Broker */
/** @typedef {{ folder: string, kind: Kind, host: Host, broker: Broker }} Answers */

/** @type {readonly Kind[]} */
export const kinds = ['chat', 'dashboard', 'game'];
/** @type {readonly Host[]} */
export const hosts = ['server', 'express', 'fastify', 'hono', 'next'];
/** @type {readonly Broker[]} */
export const brokers = ['memory', 'redis'];

/** @type {Answers} */
export const defaults = { folder: 'my-fanfare', kind: 'chat', host: 'server', broker: 'memory' };

/** @type {readonly { name: keyof Answers, flag: string, text: string, values: readonly string[] }[]} */
export const questions = [
  { name: 'folder', flag: 'a folder', text: 'Which folder?', values: [] },
  { name: 'kind', flag: '--kind', text: 'What is it?', values: kinds },
  { name: 'host', flag: '--host', text: 'Beside which web framework? (server: none)', values: hosts },
  {
    name: 'broker',
    flag: '--broker',
    text: 'What connects several processes? (memory: there is one)',
    values: brokers,
  },
];

export const help = `npm create fanfare [folder] -- [flags]

Writes a small project with Fanfare: server, page, test, Docker Compose.

  --kind <${kinds.join('|')}>
      What it is. chat: rooms with a history. dashboard: values that the server publishes. game: players, and a tick.
  --host <${hosts.join('|')}>
      The web framework beside Fanfare; server: none.
  --broker <${brokers.join('|')}>, --redis
      What connects several processes.
  --yes
      Take the defaults (${defaults.kind}, ${defaults.host}, ${defaults.broker}) for what is not given, and ask nothing.
  --fanfare <version|path>
      The Fanfare of package.json: a version, or a file that npm pack has made. Default: that of this package.
  --help`;
