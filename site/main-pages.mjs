// @ts-check
/** The pages that stand for the site where each page would take too long: pictures, accessibility, times. */

export const mainPages = [
  '',
  'contents.html',
  'guide/getting-started.html',
  'guide/channels.html',
  'operations/configuration.html',
  'operations/troubleshooting.html',
  'protocol.html',
  'examples/index.html',
  'reference/http.html',
  'reference/fanfare/client.html',
];
