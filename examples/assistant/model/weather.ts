/** A tool of the model: the weather, made up from the name of the town, so that it is the same tomorrow. */

import { jsonSchema, tool } from 'ai';

const skies = ['Rain, as ever', 'Fog until noon, then sun', 'Clear, with a light wind', 'Showers, and a rainbow'];

export const weather = tool({
  description: 'the weather in a town',
  inputSchema: jsonSchema<{ town: string }>({
    type: 'object',
    properties: { town: { type: 'string' } },
    required: ['town'],
  }),
  execute: async ({ town }) => {
    const sum = [...town].reduce((total, letter) => total + letter.charCodeAt(0), 0);
    return `${skies[sum % skies.length]}: ${8 + (sum % 20)} °C in ${town}.`;
  },
});
