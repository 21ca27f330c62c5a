// @ts-check
/** A backend as a process of its own, to be killed and stopped: lets everybody in, as late as it is told over IPC. */
import { createServer } from 'node:http';

let delayMs = 0;
process.on('message', (message) => {
  delayMs = Number(message);
});

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    setTimeout(() => {
      response.setHeader('Content-Type', 'application/json');
      response.end('{"result":{"user":"by hook"}}');
    }, delayMs);
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.(address.port);
});
