/** `config`: the options in force, with secrets masked. */

import * as v from 'valibot';
import { apiMethod } from '../method.js';

export const config = apiMethod('config', undefined, v.object({}), (_, { described }) =>
  JSON.stringify({ options: described.options() }),
);
