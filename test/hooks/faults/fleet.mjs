// @ts-check
/**
 * Connected clients as a process of their own: one of them publishes at a steady rate, all receive, and every message
 * carries the time at which it was sent. Asked over IPC, it tells how late they came since it was asked last.
 */
import { WebSocket } from 'ws';

const [url = '', token = '', numClients = '0', perSec = '0'] = process.argv.slice(2);

/** @type {number[]} */
let delaysMs = [];
let published = 0;
let received = 0;
let closed = 0;
let refused = 0;

/** @param {boolean} publishes */
function connect(publishes) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.on('error', reject);
    socket.on('close', () => closed++);
    socket.on('open', () => {
      socket.send(`{"id":1,"connect":{"token":"${token}"}}\n{"id":2,"subscribe":{"channel":"live"}}`);
    });
    socket.on('message', (frame) => {
      for (const line of String(frame).split('\n')) {
        const message = JSON.parse(line);
        if (message.id === undefined && message.push === undefined) socket.send('{}');
        else if (message.error !== undefined) refused++;
        else if (message.id === 2) resolve(socket);
        else if (message.push?.pub !== undefined) {
          received++;
          delaysMs.push(performance.now() - message.push.pub.data);
        }
      }
    });
    if (publishes) {
      let id = 2;
      const timer = setInterval(() => {
        if (!isPublishing) return;
        published++;
        socket.send(`{"id":${++id},"publish":{"channel":"live","data":${performance.now()}}}`);
      }, 1_000 / Number(perSec));
      socket.on('close', () => clearInterval(timer));
    }
  });
}

let isPublishing = false;
for (let i = 0; i < Number(numClients); i += 50) {
  const batch = Math.min(50, Number(numClients) - i);
  await Promise.all(Array.from({ length: batch }, (_, n) => connect(i + n === 0)));
}
isPublishing = true;
process.send?.('ready');

process.on('message', (message) => {
  if (message === 'stop') isPublishing = false;
  const sorted = delaysMs.sort((a, b) => a - b);
  delaysMs = [];
  /** @param {number} part */
  const quantile = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  process.send?.({
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
    published,
    received,
    closed,
    refused,
  });
});
