// @ts-check
/**
 * Faults that the simulation has to find: each is one change of one place in the sources. The simulation itself knows none of
 * them; `npm run simulate:mutants` applies them one by one to a bundle.
 */

/**
 * @typedef {object} Mutant
 * @property {string} name
 * @property {string} file below the repository
 * @property {string} from there exactly once
 * @property {string} to
 */

/** @type {readonly Mutant[]} */
export const mutants = [
  // The engine.
  {
    name: 'a subscriber that joins skips its buffer',
    file: 'src/engine/fanout/subscription.ts',
    from: 'stage.buffer.push({ publication, epoch });\n      return;',
    to: 'return;',
  },
  {
    name: 'what is in the page and in the buffer comes twice',
    file: 'src/engine/fanout/attachment.ts',
    from: 'if (epoch === top.epoch && publication.offset <= offset) continue;',
    to: 'if (epoch === top.epoch && publication.offset < offset) continue;',
  },
  {
    name: 'a page behind the live stream is good enough',
    file: 'src/engine/fanout/attachment.ts',
    from: 'if (isLevel) this.#reads = 0;\n    return isLevel;',
    to: 'return true;',
  },
  {
    name: 'a cut recovery counts as whole',
    file: 'src/engine/fanout/attachment.ts',
    from: 'if (!isComplete && !this.#goesOn) return undefined;',
    to: '',
  },
  {
    name: 'the last publication may come again',
    file: 'src/engine/fanout/hub-channel.ts',
    from: 'publication.offset <= last.offset) return;',
    to: 'publication.offset < last.offset) return;',
  },
  {
    name: 'one missing publication is no gap',
    file: 'src/engine/fanout/hub-channel.ts',
    from: 'publication.offset > last.offset + 1) this.#loseAll();',
    to: 'publication.offset > last.offset + 2) this.#loseAll();',
  },
  {
    name: 'another epoch goes on as the one before',
    file: 'src/engine/fanout/hub-channel.ts',
    from: 'if (last.epoch !== epoch || publication.offset',
    to: 'if (publication.offset',
  },
  {
    name: 'nobody is told what was missed during an interruption, nor is it looked for',
    file: 'src/engine/fanout/position-checks.ts',
    from: 'if (!hasReached(channel.position, top)) this.#lose(channel, isWedged);',
    to: '',
  },
  {
    name: 'the way through the broker is not probed',
    file: 'src/engine/fanout/broker-health.ts',
    from: 'this.#delivery?.start();',
    to: '',
  },
  {
    name: 'who leaves stays in presence',
    file: 'src/engine/fanout/presence.ts',
    from: 'left(subscription: Subscription): void {\n    this.#remove(subscription);',
    to: 'left(subscription: Subscription): void {',
  },
  {
    name: 'presence is not renewed',
    file: 'src/engine/fanout/presence.ts',
    from: 'if (await this.#renewed(subscription, this.store)) this',
    to: 'if (subscription.countsAsPresent) this',
  },
  {
    name: 'the seat of a connection that has ended stays taken',
    file: 'src/engine/cluster/seats/seats.ts',
    from: 'user.has--;\n    this.#tell(name, user);',
    to: 'this.#tell(name, user);',
  },
  {
    name: 'a ping may stay without an answer',
    file: 'src/engine/sessions/session.ts',
    from: 'if (this.#pingedAtMs === 0) return;\n    const',
    to: 'if (this.#pingedAtMs >= 0) return;\n    const',
  },
  {
    name: 'a beat is skipped',
    file: 'src/engine/fanout/beats.ts',
    from: 'this.#take(entry.beat(isPostponed));',
    to: 'if (this.#clock.nowMs() % 3 > 1.5) this.#take(entry.beat(isPostponed));',
  },
  {
    name: 'the last word for a slow reader is lost',
    file: 'src/engine/fanout/slow/slow-channel.ts',
    from: 'if (reader.place === lane.backlog.numAdded) this.#isUpToDate(reader, waiting);\n      if (reader.hasEnded || numBytes === 0) return;',
    to: 'this.#isUpToDate(reader, waiting);\n      return;',
  },
  {
    name: 'an order reaches the nodes that hear it at once, and no other',
    file: 'src/engine/cluster/questions.ts',
    from: 'else this.#sendAgain(question);',
    to: '',
  },
  {
    name: 'a channel without subscribers stays subscribed at the broker',
    file: 'src/engine/fanout/interest.ts',
    from: 'this.#sweep ??= this.clock.schedule(() => this.#dropIdle(), this.limits.brokerLingerMs);',
    to: '',
  },
  // The brokers.
  {
    name: 'history over RabbitMQ and in memory keeps one publication too few',
    file: 'src/brokers/memory/stream.ts',
    from: 'const excess = this.#size - limits.size;',
    to: 'const excess = this.#size - limits.size + 1;',
  },
  {
    name: 'an epoch survives a fail-over of Redis',
    file: 'src/brokers/redis/lua/place.ts',
    from: 'return { offset = offset, epoch = newEpoch, changes = begun(newEpoch) }',
    to: 'return { offset = offset, epoch = epoch, changes = begun(epoch) }',
  },
  {
    name: 'the idempotency key is not written with the append in Redis',
    file: 'src/brokers/redis/lua/append.ts',
    from: "redis.call('SET', onceKey, offset .. ':' .. epoch, 'PX', onceTtl)",
    to: "redis.call('GET', onceKey)",
  },
  {
    name: 'a broken connection to Redis is made again without its subscriptions',
    file: 'src/brokers/redis/subscriptions.ts',
    from: 'this.#grouped(this.#given, (bus) => bus)',
    to: 'this.#grouped([this.#probeBus], (bus) => bus)',
  },
  {
    name: 'a writer to NATS is not fenced',
    file: 'src/brokers/nats/journal/stream.ts',
    from: 'expect: { streamName: this.#kept.name, lastSubjectSequence: expectedSeq },',
    to: 'expect: { streamName: this.#kept.name },',
  },
  {
    name: 'the life of NATS never changes',
    file: 'src/brokers/nats/journal/stored-message.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a part of the sources
    from: '.${life}`;',
    to: '.life`;',
  },
  {
    name: 'two records with one key are two publications over RabbitMQ',
    file: 'src/brokers/rabbitmq/history/ledger.ts',
    from: 'if (earlier !== undefined) return published(channel, publicationAt(publication, 0), earlier, true);\n        }',
    to: '}',
  },
  // The client.
  {
    name: 'a late answer to an older poll is taken again',
    file: 'src/client/long-polling-socket.ts',
    from: 'if (batch?.seq !== ack + 1 || this.readyState !== 1) continue;\n      ack = batch.seq;',
    to: 'if (batch === undefined || this.readyState !== 1) continue;\n      ack = Math.max(0, batch.seq - 1);',
  },
  {
    name: 'channels do not resume when their client connects again',
    file: 'src/client/channel.ts',
    from: 'if (this.#subscription === undefined) this.#settleSoon();\n    else this.#subscription.subscribe();',
    to: 'if (this.#subscription === undefined) this.#settleSoon();',
  },
  {
    name: 'long polling sends nothing after its first frames',
    file: 'src/client/long-polling-socket.ts',
    from: 'this.#isSending = false;\n  }\n\n  /** Joins waiting frames. */',
    to: '}\n\n  /** Joins waiting frames. */',
  },
];

/**
 * Faults that Fanfare has had: each undoes what has mended one, in CHANGELOG.md or in the history of the repository.
 *
 * @type {readonly Mutant[]}
 */
export const undone = [
  {
    name: 'operations: a node that is cut off acknowledges an order that nobody else has heard (G9)',
    file: 'src/engine/operations/operations.ts',
    from: 'if (this.ports.brokerHealth.silenceWithin(orderDeadlineMs) > cutOffAfterMs)',
    to: 'if (false)',
  },
  {
    name: 'cluster: a node that was deaf does not ask the others what was ended meanwhile (G9)',
    file: 'src/engine/cluster/cluster.ts',
    from: 'for (const id of this.#peers.ids()) this.#unheard.add(id);',
    to: '',
  },
  {
    name: 'engine: a channel that is released while the broker unsubscribes it is left subscribed',
    file: 'src/engine/fanout/interest.ts',
    from: 'if (entry.holders === 0 && !entry.subscribed) this.#entries.delete(channel);',
    to: 'if (entry.holders === 0) this.#entries.delete(channel);',
  },
  {
    name: 'engine: a node that the broker could not reach does not find what it has missed (G2)',
    file: 'src/engine/fanout/position-checks.ts',
    from: 'const queue = [...channels];',
    to: 'const queue = [...channels].slice(0, 0);',
  },
  {
    name: 'long polling: clients of a node that was killed wait until it counts as dead for everybody (F1)',
    file: 'src/transports/session-forwarding.ts',
    from: 'goneAfterMs, gone: gone.signal }',
    to: 'gone: gone.signal }',
  },
  {
    name: 'redis: the first replica, or the loss of the last, begins a new epoch in all channels',
    file: 'src/brokers/redis/lua/place.ts',
    from: "return knownSign == signOfServer() and (before == knownId or not string.find(before, '[^0]'))",
    to: 'return false',
  },
  {
    name: 'cluster: two nodes that hear each other again do not tell each other what was ended (G9)',
    file: 'src/engine/operations/services.ts',
    from: 'cluster.onJoined((nodeId) => void learnStanding(ports, nodeId));',
    to: '',
  },
];
