/** TLS: whether the certificate is one that browsers accept, and for how long. */

import { isIP } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { FaultCode } from './faults.js';
import type { Findings } from './finding.js';
import { causeOf } from './request.js';
import { connectOptions, type Target } from './target.js';

/** Certificates of ACME are renewed 30 days before their end. */
const soonMs = 14 * 86_400_000;

const codes: Readonly<Record<string, FaultCode>> = {
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-early',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls-chain',
  UNABLE_TO_GET_ISSUER_CERT: 'tls-chain',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls-chain',
};

/** Whether to go on. */
export async function examineCertificate(target: Target, findings: Findings): Promise<boolean> {
  const socket = await handshake(target);
  if (typeof socket === 'string') {
    const isPlain = /WRONG_VERSION_NUMBER|PACKET_LENGTH|ECONNRESET/.test(socket);
    if (isPlain) findings.fault('tls', 'no-tls', `port ${target.port} does not speak TLS (${socket})`);
    else findings.fault('tls', 'tls-failed', `the TLS handshake fails (${socket})`);
    return false;
  }
  const certificate = socket.getPeerCertificate();
  // Its type says Error, its value is the code.
  const fault = socket.authorized
    ? undefined
    : String((socket.authorizationError as Error & { code?: string })?.code ?? socket.authorizationError);
  const version = socket.getProtocol();
  socket.destroy();
  if (fault !== undefined) {
    findings.fault(
      'tls',
      codes[fault] ?? 'tls-failed',
      `browsers refuse the certificate: ${sentence(fault, certificate, target)}`,
    );
    if (!target.isInsecure)
      findings.leftOut('http', 'the rest: nothing is sent where the certificate is not trusted; --insecure goes on');
    return target.isInsecure;
  }
  const leftMs = Date.parse(certificate.valid_to) - Date.now();
  const until = `until ${certificate.valid_to}`;
  if (leftMs < soonMs) findings.warning('tls', 'tls-expired', `the certificate ends soon: it is valid ${until}`);
  else findings.well('tls', `${version}, and the certificate is valid ${until}`);
  return true;
}

/** The reason when it fails. */
function handshake(target: Target): Promise<TLSSocket | string> {
  const { host, port, timeoutMs, address } = target;
  return new Promise((resolve) => {
    const socket = connect({
      ...connectOptions(target),
      host: address?.address ?? host,
      port,
      ...(isIP(host) === 0 && { servername: host }),
      ALPNProtocols: ['http/1.1'],
      // What is wrong is to be told, not only that something is.
      rejectUnauthorized: false,
    });
    socket.setTimeout(timeoutMs, () => {
      socket.destroy();
      resolve(`no answer within ${timeoutMs} ms`);
    });
    socket.once('secureConnect', () => resolve(socket));
    socket.on('error', (error) => resolve(causeOf(error)));
  });
}

function sentence(
  fault: string,
  { valid_to, valid_from, subjectaltname, subject, issuer }: PeerCertificate,
  { host }: Target,
): string {
  switch (codes[fault]) {
    case 'tls-expired':
      return `it has expired on ${valid_to}`;
    case 'tls-early':
      return `it is valid from ${valid_from} on`;
    case 'tls-name':
      return `it is for ${subjectaltname ?? String(subject?.CN)}, not for ${host}`;
    case 'tls-self-signed':
      return `it is signed by ${String(issuer?.CN)}, which nobody knows`;
    case 'tls-chain':
      return `who signed it (${String(issuer?.CN)}) is unknown: a certificate between it and the authority is missing`;
    default:
      return fault;
  }
}
