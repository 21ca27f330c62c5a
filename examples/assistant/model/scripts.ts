/** What the scripted model says, and to what. */

export interface Script {
  readonly matches: RegExp;
  /** What it thinks before. */
  readonly reasoning?: string;
  /** A town whose weather it looks up before it answers. */
  readonly townOf?: (question: string) => string;
  /** @param found by the tool */
  readonly text: (found: string) => string;
}

const towns = ['Bergen', 'Lisbon', 'Nairobi', 'Osaka', 'Quito'];

/** The first that matches; the last matches everything. */
export const scripts: readonly Script[] = [
  {
    matches: /weather|rain|sun|umbrella/i,
    reasoning: 'They ask about the weather. I do not know it by heart, so I look it up for the town that they name.',
    townOf: (question) => towns.find((town) => question.toLowerCase().includes(town.toLowerCase())) ?? 'Bergen',
    text: (found) =>
      `${found}\n\nI looked that up with a tool on the server. The call, its input and its result came to this page as parts of the same answer, so a second device shows them as well, and so does this page after a reload.`,
  },
  {
    matches: /story|long|tell me/i,
    reasoning: 'A story, then: long enough to reload the page, cut the line and stop me in the middle of it.',
    text: () => `The lighthouse keeper wrote one letter a day, and never posted any of them.

She wrote about what she saw: how the fog came in over the skerries like a slow animal, how the herring boats went out with their lamps lit and came home without them, how on clear nights the beam passed over the village and every window in it answered for a moment, one after the other, like people in a row who nod at the same joke.

The letters went into a tin box under the stairs. When the box was full she began a second one, and then a third, and in the ninth year the inspector who came with the oil asked what was in them. "Everything," she said. He thought that she meant the accounts, and was satisfied.

One winter the light went out. It was not the lamp: the sea had taken the road, the store and the oil with it. She stood on the gallery and heard, somewhere below the wind, the engine of the mail boat, which had no business to be out. There was nothing left to burn but the boxes.

It takes a long time to burn nine years. She fed the fire one letter after the other, and because it was her habit she read each of them first, aloud, over the noise of the water. In the wheelhouse of the mail boat they saw a light that was too small and too yellow, and that flickered as no lighthouse should. But it was in the right place, and it did not stop.

They came ashore in the morning. The mate asked what she had burnt. "Everything," she said, and this time somebody understood her.

In spring they brought her a new box, with a lock. On the first page of the first letter she wrote: It is not important that a light is large. It is important that it goes on.`,
  },
  {
    matches: /stop|cancel/i,
    text: () => `Press the button with the square while I speak. The stop reaches the model on whatever server it runs, and what I have said until then stays, here and on every other device.

Nothing else stops me. Close this tab, and I speak on; open it again, and you have all of it. Lose the connection, and you catch up in one message. That is the whole difference between somebody who leaves and somebody who says that it is enough: a program should never take the one for the other, since the first happens all the time and the second costs what has been said so far.

Go on, try it. I can talk about this for a while: about trains that go into tunnels, about laptops that are shut in the middle of a sentence, about phones that change from one network to the next at the door of a café, about servers that are replaced on a Tuesday afternoon while three hundred people wait for the end of a paragraph.`,
  },
  {
    matches: /./s,
    text: () => `I am a small script that behaves like a language model: I say one word after the other, and what I say is a stream in a channel of this chat.

So you can reload this page while I speak, and I go on. Open the chat in a second window or on your phone: it shows the same words at the same time, and whoever presses stop stops me everywhere. "Cut the line" lets nothing through for six seconds; afterwards the page has what it missed in one message. "Replace the server" lets another producer take over in mid-sentence, as when a server is deployed.

Ask me for a long story, or for the weather in Lisbon, which I look up with a tool.`,
  },
];

export function scriptFor(question: string): Script {
  const script = scripts.find(({ matches }) => matches.test(question)) ?? scripts.at(-1);
  if (script === undefined) throw new Error('there are no scripts');
  return script;
}
