// @ts-check
/** The protocol of servers without one of their own: the first character is the command. */

/**
 * @typedef {object} BareServer
 * @property {(channel: string) => void} subscribe
 * @property {(channel: string, text: string) => void} publish
 * @property {(text: string) => void} reply
 */

/**
 * @param {string} text `+CHANNEL`, `pCHANNEL DATA` or `rDATA`
 * @param {BareServer} server
 */
export function bareMessage(text, { subscribe, publish, reply }) {
  if (text[0] === '+') {
    subscribe(text.slice(1));
    reply('+');
  } else if (text[0] === 'p') {
    const space = text.indexOf(' ');
    publish(text.slice(1, space), JSON.stringify(JSON.parse(text.slice(space + 1))));
    reply('=');
  } else {
    reply(`r${JSON.stringify(JSON.parse(text.slice(1)))}`);
  }
}
