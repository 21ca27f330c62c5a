// Runs both: the realtime server, and the pages. They end together.
import { spawn } from 'node:child_process';

const commands = [
  ['node', 'src/main.ts'],
  ['npx', 'next', 'dev'],
];
const children = commands.map(([name = '', ...args]) => spawn(name, args, { stdio: 'inherit', shell: true }));
for (const child of children) {
  child.on('exit', (code) => {
    for (const other of children) other.kill();
    process.exitCode = code ?? 0;
  });
}
