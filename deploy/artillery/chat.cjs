/** What Artillery's WebSocket engine does not do itself: it hears what arrives, answers pings, and makes publications. */

/** Once for each connection. */
function listen(context, events, done) {
  const { ws, vars } = context;
  vars.nextId = 10;
  ws.on('message', (data) => {
    // One frame may contain several messages, a line each.
    for (const line of String(data).split('\n')) {
      if (line === '{}') ws.send('{}');
      else take(JSON.parse(line), events);
    }
  });
  done();
}

function take({ error, push }, events) {
  if (error) events.emit('counter', `chat.error.${error.code}`, 1);
  if (!push?.pub) return;
  events.emit('counter', 'chat.deliveries', 1);
  events.emit('histogram', 'chat.delivery', Date.now() - push.pub.data.sentMs);
}

function write({ vars }, _events, done) {
  const id = vars.nextId++;
  vars.publication = JSON.stringify({ id, publish: { channel: 'load:1', data: { sentMs: Date.now() } } });
  done();
}

module.exports = { listen, write };
