/** An operator, an account with JetStream and a user of it, as `nsc` would make them: what a server has to know, and the user's file. */

import { writeFileSync } from 'node:fs';
import { nkeys } from '@nats-io/transport-node';

type KeyPair = ReturnType<typeof nkeys.createUser>;

const unlimited = { subs: -1, data: -1, payload: -1 };
const accountLimits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const withJetStream = { ...accountLimits, mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

/** @returns lines of the server's configuration */
export function makeCredentials(userFile: string): string[] {
  const operator = nkeys.createOperator();
  const system = nkeys.createAccount();
  const account = nkeys.createAccount();
  const user = nkeys.createUser();
  const tokens = {
    operator: token(operator, operator, { type: 'operator', version: 2 }),
    system: token(operator, system, { type: 'account', version: 2, limits: accountLimits }),
    account: token(operator, account, { type: 'account', version: 2, limits: withJetStream }),
    user: token(account, user, { type: 'user', version: 2, pub: {}, sub: {}, ...unlimited }),
  };
  writeFileSync(userFile, block('NATS USER JWT', tokens.user) + block('USER NKEY SEED', textOf(user.getSeed())));
  return [
    `operator: "${tokens.operator}"`,
    `system_account: ${system.getPublicKey()}`,
    'resolver: MEMORY',
    `resolver_preload: { ${system.getPublicKey()}: "${tokens.system}", ${account.getPublicKey()}: "${tokens.account}" }`,
  ];
}

function token(issuer: KeyPair, subject: KeyPair, nats: object): string {
  const claims = { jti: subject.getPublicKey(), iat: 1, iss: issuer.getPublicKey(), sub: subject.getPublicKey(), nats };
  const parts = [
    { typ: 'JWT', alg: 'ed25519-nkey' },
    { name: 'test', ...claims },
  ];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}

function block(title: string, text: string): string {
  return `-----BEGIN ${title}-----\n${text}\n------END ${title}------\n\n`;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
