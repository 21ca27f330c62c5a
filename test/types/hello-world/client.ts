import { connect } from 'fanfare/client';
import type { App } from './server.js';

const room = connect<App>('ws://localhost:8000').channel('chat:lobby');
room.on('message', ({ data }) => console.log(data.text));
await room.publish({ text: 'hello' });
