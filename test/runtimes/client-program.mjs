// @ts-check
/** Connects to the server of its first argument with fanfare/client, publishes, and prints what comes back. */
import { connect } from '../../dist/client/index.js';

const client = connect(process.argv[2] ?? '');
const room = client.channel('chat:runtimes');
room.on('message', ({ data }) => {
  console.log(JSON.stringify(data));
  client.close();
});
await room.publish({ text: 'hello' });
