// @ts-check
/** The contenders, one row each: a server with a broker between its nodes. */

/**
 * @typedef {object} Contender
 * @property {string} label
 * @property {'fanfare-node' | 'socketio-node'} script that runs its nodes
 * @property {'fanfare' | 'socketio'} dialect that its clients use
 * @property {import('./services.mjs').ServiceName | null} service between the nodes; null: the broker is in the node
 * @property {string} broker name of the broker for the node
 * @property {boolean} history whether channels keep their last 100 publications
 */

/** @type {Readonly<Record<string, Contender>>} */
export const CONTENDERS = {
  memory: fanfare('Fanfare, memory (one node)', null, 'memory'),
  local: fanfare('Fanfare, local socket (--workers)', 'local', 'local'),
  redis: fanfare('Fanfare, Redis', 'redis', 'redis'),
  'redis-history': { ...fanfare('Fanfare, Redis, with history', 'redis', 'redis'), history: true },
  nats: fanfare('Fanfare, NATS', 'nats', 'nats'),
  'nats-history': { ...fanfare('Fanfare, NATS, with history', 'nats', 'nats'), history: true },
  rabbitmq: fanfare('Fanfare, RabbitMQ', 'rabbitmq', 'rabbitmq'),
  'socketio-redis': socketio('Socket.IO, Redis adapter', 'plain'),
  'socketio-sharded': socketio('Socket.IO, sharded Redis adapter', 'sharded'),
};

/** Contenders whose cost is measured with a growing number of nodes. */
export const GROWING = ['redis', 'socketio-redis', 'socketio-sharded'];

/** How many times as many publications Fanfare should carry per second of its nodes' CPU. Reported, never asserted. */
export const AIM = { load: 'spread', contender: 'redis', versus: 'socketio-redis', atLeast: 3 };

/**
 * @param {string} label
 * @param {Contender['service']} service
 * @param {string} broker
 * @returns {Contender}
 */
function fanfare(label, service, broker) {
  return { label, script: 'fanfare-node', dialect: 'fanfare', service, broker, history: false };
}

/**
 * @param {string} label
 * @param {'plain' | 'sharded'} adapter
 * @returns {Contender}
 */
function socketio(label, adapter) {
  return { label, script: 'socketio-node', dialect: 'socketio', service: 'redis', broker: adapter, history: false };
}
