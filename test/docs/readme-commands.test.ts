/** README.md: its section about the server alone, followed command by command. */

import { followed } from './terminals.js';

followed('every command does what the README says', 'README.md');
