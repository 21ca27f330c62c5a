// @ts-check
/** The first page of the site: what this is, both ends of a program, what proves it, and where to go on. */

import { base } from './places.mjs';

/** @typedef {{ info: string, text: string }} Block */

/**
 * @param {string} readme README.md, whose first program and figures the page shows
 * @returns {string} Markdown
 */
export function home(readme) {
  const [server, client] = blocksOf(section(readme, 'Hello world'));
  const figures = figuresOf(section(readme, 'Measured'));
  if (server === undefined || client === undefined) throw new Error('README.md: no program under "Hello world"');
  return `---
title: Fanfare
titleTemplate: The realtime server for TypeScript
layout: page
sidebar: false
aside: false
---

<div class="home vp-doc">

# Fanfare

<p class="lead">The realtime server for TypeScript: messages between any backend and any number of browsers, phones and game
clients. A client that loses its connection gets exactly what it missed, or is told that it cannot.</p>

<p class="ways"><a class="way first" href="${base}guide/getting-started.html">Get started</a>
<a class="way" href="${base}contents.html">Documentation</a>
<a class="way" href="${base}examples/index.html">Examples</a></p>

<div class="ends">
<div>

## The server declares channels

${fence(server)}

</div>
<div>

## The client knows their types

${fence(client)}

</div>
</div>

Backends in other languages publish [over HTTP](/guide/backend.md); [one command](/guide/getting-started.md) runs the server
without any TypeScript.

## What it promises, and what shows it

<ul class="proofs">
<li>

**Nothing is lost silently.** [Recovery](/guide/delivery.md) is exact, or says that there is a gap; every guarantee, fault and
bad input is in [one catalogue](/guarantees.md) with the tests that cover it.

</li>
<li>

**Fleets under every fault.** [The simulation](/simulation.md) kills, partitions and delays whole fleets from a seed; processes are
killed for real over [Redis, NATS and RabbitMQ](/operations/brokers.md).

</li>
<li>

**Standards, attacked.** [Conformance](/conformance.md): Autobahn, schemathesis and fuzzing, with how to repeat each.

</li>
<li>

**Fast, with the method.** ${figures} [The bench](/bench/index.md) says how, and repeats it.

</li>
</ul>

## See it

<div class="screens">
<figure><img src="/images/chat.png" alt="The chat example: two people in a room" loading="lazy"><figcaption><a href="${base}examples/chat/index.html">A chat</a>, which <code>npm start</code> opens</figcaption></figure>
<figure><img src="/images/console.png" alt="The console: charts, connections and channels of a running server" loading="lazy"><figcaption><a href="${base}operations/console.html">The console</a> of a running server</figcaption></figure>
<figure><img src="/images/live-scores.png" alt="The example of live scores" loading="lazy"><figcaption><a href="${base}examples/live-scores/index.html">Live scores</a></figcaption></figure>
<figure><img src="/images/arena.png" alt="The example of a game in an arena" loading="lazy"><figcaption><a href="${base}examples/arena/index.html">A game</a>, at a rate for each reader</figcaption></figure>
</div>

</div>
`;
}

/**
 * @param {string} page
 * @param {string} title
 */
function section(page, title) {
  const found = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`README.md: no section "${title}"`);
  return found;
}

/**
 * @param {string} text
 * @returns {Block[]}
 */
function blocksOf(text) {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, info = '', block = '']) => ({ info, text: block }));
}

/** @param {Block} block */
const fence = ({ info, text }) => `\`\`\`${info}\n${text}\`\`\``;

/**
 * The two rows of the table that say most.
 * @param {string} measured
 */
function figuresOf(measured) {
  const rows = [...measured.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  const row = (/** @type {string} */ name) => {
    const found = rows.find(([, title]) => title === name);
    if (found === undefined) throw new Error(`README.md: no row "${name}"`);
    return { fanfare: found[2], socketIo: found[4] };
  };
  const delivery = row('server CPU per delivery, one message at a time');
  const idle = row('memory per idle connection');
  return `${delivery.fanfare} of CPU for a delivery and ${idle.fanfare} for an idle connection, where Socket.IO takes ${delivery.socketIo} and ${idle.socketIo}.`;
}
