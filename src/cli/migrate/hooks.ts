/** Translates proxies of Centrifugo to hooks, of which there is one for each kind of question. */

import type { Draft } from './draft.js';
import { type Fields, fieldsOf, isFields, isUnset, seconds, textOf } from './values.js';

interface Kind {
  readonly hook: string;
  /** The path of the default proxy. */
  readonly path: string;
  /** The options with which namespaces enable and name it. */
  readonly namespaced?: { readonly enabled: string; readonly name: string; readonly of: 'channel' | 'rpc' };
}

const kinds: readonly Kind[] = [
  { hook: 'connect', path: 'client.proxy.connect' },
  { hook: 'refresh', path: 'client.proxy.refresh' },
  ...(['subscribe', 'publish', 'sub_refresh'] as const).map((name) => ({
    hook: name === 'sub_refresh' ? 'subRefresh' : name,
    path: `channel.proxy.${name}`,
    namespaced: { enabled: `${name}_proxy_enabled`, name: `${name}_proxy_name`, of: 'channel' as const },
  })),
  { hook: 'rpc', path: 'rpc.proxy', namespaced: { enabled: 'proxy_enabled', name: 'proxy_name', of: 'rpc' } },
];

export function addHooks(options: Fields, draft: Draft): void {
  const named = new Map(
    (Array.isArray(options.proxies) ? options.proxies.filter(isFields) : []).map((proxy) => [
      textOf(proxy.name),
      proxy,
    ]),
  );
  let hasHooks = false;
  for (const kind of kinds) {
    const proxy = proxyOf(kind, options, named, draft);
    const hook = proxy && hookOf(proxy, kind.path, draft);
    if (hook === undefined) continue;
    draft.set(`hooks.${kind.hook}`, hook);
    hasHooks = true;
  }
  for (const name of ['subscribe_stream', 'map_publish', 'map_remove', 'shared_poll_refresh']) {
    const { endpoint } = fieldsOf(fieldsOf(fieldsOf(options.channel).proxy)[name]);
    if (!isUnset(endpoint)) draft.refuse(`channel.proxy.${name}`, 'there is no such question to a backend');
  }
  if (!hasHooks) return;
  draft.change(
    'client.proxy',
    'calls are signed once hooks.secretFile names a secret, so that the backend can tell them from others',
  );
}

/** The proxy that is used, if any. */
function proxyOf(kind: Kind, options: Fields, named: ReadonlyMap<string, Fields>, draft: Draft): Fields | undefined {
  const plain = kind.path.split('.').reduce<Fields>((at, key) => fieldsOf(at[key]), options);
  if (kind.namespaced === undefined) return plain.enabled === true ? plain : undefined;
  const { enabled, name, of } = kind.namespaced;
  const group = fieldsOf(options[of]);
  const namespaces = Array.isArray(group.namespaces) ? group.namespaces : [];
  const users = [group.without_namespace, ...namespaces].map(fieldsOf).filter((user) => user[enabled] === true);
  const names = [...new Set(users.map((user) => textOf(user[name]) || 'default'))];
  const [first = 'default'] = names;
  if (names.length === 0) return undefined;
  if (names.length > 1) {
    draft.refuse(kind.path, `one backend answers for all channels: "${first}" of ${names.join(', ')} is taken`);
  }
  const proxy = first === 'default' ? plain : named.get(first);
  if (proxy === undefined || isUnset(proxy.endpoint)) {
    draft.refuse(kind.path, `the proxy "${first}" has no endpoint`);
    return undefined;
  }
  return proxy;
}

function hookOf(proxy: Fields, from: string, draft: Draft): Fields | undefined {
  const url = textOf(proxy.endpoint);
  if (!/^https?:\/\//.test(url)) {
    draft.refuse(`${from}.endpoint`, 'backends are asked over HTTP: there is no GRPC');
    return undefined;
  }
  const { http_headers: headers, emulated_headers: emulated, http } = proxy;
  const { static_headers: fixed, status_to_code_transforms: transforms, tls } = fieldsOf(http);
  if (proxy.binary_encoding === true) draft.refuse(`${from}.binary_encoding`, 'data is JSON');
  if (!isUnset(transforms)) draft.refuse(`${from}.http`, 'statuses are not translated: answer with 200 and an error');
  if (fieldsOf(tls).enabled === true) draft.refuse(`${from}.http.tls`, 'certificates are those that Node trusts');
  return {
    url,
    ...(!isUnset(proxy.timeout) && { timeout: seconds(proxy.timeout) }),
    ...(!isUnset(headers) && { headers }),
    ...(!isUnset(emulated) && { emulatedHeaders: emulated }),
    ...(!isUnset(fixed) && { staticHeaders: fixed }),
    ...(proxy.include_connection_meta === true && { includeMeta: true }),
  };
}
