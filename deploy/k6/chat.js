/**
 * People in a few rooms who talk: each virtual user is one connection, subscribed to one room, that says something now and
 * then. Counts what arrives, and how long after it was sent. Settings are variables: URL, ROOMS, SECONDS, PAUSE_MS, TOKEN.
 */

import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { WebSocket } from 'k6/websockets';

const url = __ENV.URL || 'ws://127.0.0.1:8000/connection/websocket';
const rooms = Number(__ENV.ROOMS || 10);
const seconds = Number(__ENV.SECONDS || 30);
const pauseMs = Number(__ENV.PAUSE_MS || 5000);
const prefix = __ENV.PREFIX || 'load:';

const delivery = new Trend('delivery', true);
const deliveries = new Counter('deliveries');
const publications = new Counter('publications');
const failures = new Counter('failures');

export const options = {
  scenarios: {
    people: {
      executor: 'per-vu-iterations',
      vus: Number(__ENV.VUS || 100),
      iterations: 1,
      maxDuration: `${seconds + 30}s`,
    },
  },
  thresholds: { delivery: ['p(99)<200'], failures: ['count==0'] },
};

export default function person() {
  const channel = `${prefix}${(exec.vu.idInTest % rooms) + 1}`;
  const socket = new WebSocket(url);
  let id = 0;
  let talking;
  let isOver = false;
  const command = (method) => socket.send(JSON.stringify({ id: ++id, ...method }));
  const end = () => {
    isOver = true;
    clearInterval(talking);
    socket.close();
  };

  socket.onopen = () => command({ connect: __ENV.TOKEN ? { token: __ENV.TOKEN } : {} });
  socket.onerror = () => failures.add(1);
  socket.onclose = () => {
    clearInterval(talking);
    if (!isOver) failures.add(1);
  };
  socket.onmessage = ({ data }) => {
    // One frame may contain several messages, a line each.
    for (const line of data.split('\n')) take(JSON.parse(line), line);
  };

  function take(message, line) {
    if (line === '{}') socket.send('{}');
    else if (message.error) failures.add(1, { code: String(message.error.code) });
    else if (message.push?.pub) {
      deliveries.add(1);
      delivery.add(Date.now() - message.push.pub.data.sentMs);
    } else if (message.connect) command({ subscribe: { channel } });
    else if (message.subscribe) talk();
  }

  function talk() {
    setTimeout(end, seconds * 1000);
    talking = setInterval(() => {
      publications.add(1);
      command({ publish: { channel, data: { sentMs: Date.now(), text: 'hello' } } });
    }, pauseMs);
  }
}
