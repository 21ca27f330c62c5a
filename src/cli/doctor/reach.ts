/** From the name to an open port: DNS, then TCP over each kind of address. */

import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import type { Findings } from './finding.js';
import { causeOf } from './request.js';
import type { Address, Target } from './target.js';

/** Whether there is an open port, which is then the target's. */
export async function reach(target: Target, given: readonly string[], findings: Findings): Promise<boolean> {
  const addresses = await resolveName(target.host, given, findings);
  if (addresses === undefined) return false;
  const attempts = await Promise.all(
    ofEachFamily(addresses).map(async (address) => ({ address, fault: await tcpFault(address, target) })),
  );
  const open = attempts.filter(({ fault }) => fault === undefined).map(({ address }) => address);
  const closed = attempts.filter(({ fault }) => fault !== undefined);
  const said = closed.map(({ address, fault }) => `${address.address}: ${fault}`).join(', ');
  const found = open.find(({ family }) => family === 4) ?? open[0];
  if (found === undefined) {
    const only = await ipv6Loopback(target, addresses);
    if (only === undefined) findings.fault('tcp', 'unreachable', `port ${target.port} is not open (${said})`);
    else {
      findings.fault(
        'tcp',
        'ipv6-only',
        `port ${target.port} is open over IPv6 only: ${said}, while ${only.address} answers`,
      );
      target.address = only;
    }
    return target.address !== undefined;
  }
  target.address = found;
  const isLiteral = isIP(target.host) !== 0;
  if (found.family === 6 && !isLiteral) {
    const why = closed.length > 0 ? `IPv4 does not answer (${said})` : 'the name has no IPv4 address';
    findings.fault(
      'tcp',
      'ipv6-only',
      `port ${target.port} is open over IPv6 only: ${why}, and many networks have no IPv6`,
    );
  } else if (closed.length > 0) {
    findings.warning(
      'tcp',
      'ipv6-dead',
      `the name has an IPv6 address where nothing answers (${said}): clients lose time there`,
    );
  } else findings.well('tcp', `port ${target.port} is open (${open.map(({ address }) => address).join(', ')})`);
  return true;
}

async function resolveName(host: string, given: readonly string[], findings: Findings): Promise<Address[] | undefined> {
  if (given.length > 0) {
    findings.well('dns', `${host} is taken to be ${given.join(', ')}`);
    return given.map((address) => ({ address, family: isIP(address) }));
  }
  if (isIP(host) !== 0) {
    findings.well('dns', `${host} is an address`);
    return [{ address: host, family: isIP(host) }];
  }
  try {
    const addresses = await lookup(host, { all: true });
    findings.well('dns', `${host} is ${addresses.map(({ address }) => address).join(', ')}`);
    return addresses;
  } catch (error) {
    findings.fault('dns', 'no-address', `${host} has no address (${causeOf(error)})`);
    return undefined;
  }
}

/** The first of each: what a load balancer has more of is alike. */
function ofEachFamily(addresses: readonly Address[]): Address[] {
  return [4, 6].flatMap((family) => addresses.find((address) => address.family === family) ?? []);
}

/** On this machine a server that listens on `::1` alone is the usual reason. */
async function ipv6Loopback(target: Target, addresses: readonly Address[]): Promise<Address | undefined> {
  if (!addresses.every(({ address }) => address.startsWith('127.'))) return undefined;
  const loopback = { address: '::1', family: 6 };
  return (await tcpFault(loopback, target)) === undefined ? loopback : undefined;
}

function tcpFault({ address }: Address, { port, timeoutMs }: Target): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const settle = (fault: string | undefined) => {
      socket.destroy();
      resolve(fault);
    };
    socket.on('connect', () => settle(undefined));
    socket.on('timeout', () => settle(`no answer within ${timeoutMs} ms`));
    socket.on('error', (error) => settle(causeOf(error)));
  });
}
