// @ts-check
/** Socket.IO with one room for all sockets, and the endpoint over which the benchmark publishes. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Server } from 'socket.io';

const { port, deflate, minBytes } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));

const http = createServer(async (request, response) => {
  if (request.method === 'POST') io.to('all').emit('publication', JSON.parse(await text(request)).data);
  response.end('{}');
});
const io = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  perMessageDeflate: deflate ? { threshold: minBytes } : false,
});
io.on('connection', (socket) => socket.join('all'));
http.listen(port, '127.0.0.1');
