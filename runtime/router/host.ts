/** What a request is addressed to: pure reading of the Host header and the request target. */

/** Where a request wants to go. */
export interface RequestTarget {
  /** As the app shall see it in `Host`. Empty when the client named none. */
  readonly authority: string;
  /** Lower case, without port and trailing dot; IPv6 in brackets. */
  readonly hostname: string;
  /** Origin form, byte for byte as sent: `/a/../b?c`, or `*`. */
  readonly path: string;
}

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/is;

/**
 * Joins request target and Host. An absolute-form target overrules the header (RFC 9112, 3.2.2), so that
 * router and app can never disagree about the host. Returns undefined for a target that is neither
 * `/path`, `*`, nor an http(s) URL.
 */
export function readTarget(url: string, host: string | undefined): RequestTarget | undefined {
  if (url.charCodeAt(0) === 0x2f || url === '*') {
    const authority = host ?? '';
    return { authority, hostname: hostnameOf(authority), path: url };
  }
  const absolute = ABSOLUTE_FORM.exec(url);
  const authority = absolute?.[1];
  if (!absolute || authority === undefined || authority.includes('@')) return undefined;
  const rest = absolute[2] ?? '';
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return { authority, hostname: hostnameOf(authority), path };
}

/** `App.LocalHost:8080` → `app.localhost`; `[::1]:8080` → `[::1]`. */
export function hostnameOf(authority: string): string {
  let end = authority.length;
  if (authority.charCodeAt(0) === 0x5b) {
    const bracket = authority.indexOf(']');
    if (bracket !== -1) end = bracket + 1;
  } else {
    const colon = authority.lastIndexOf(':');
    if (colon !== -1 && isDigits(authority, colon + 1)) end = colon;
    if (end > 1 && authority.charCodeAt(end - 1) === 0x2e) end -= 1;
  }
  return authority.slice(0, end).toLowerCase();
}

/** Names that mean this machine itself rather than an app. */
export function isLoopbackName(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}

/**
 * Names no other site can hold, so telling what runs here tells nobody else: browsers resolve `*.localhost`
 * to this machine by themselves, while any other name may have been pointed here by a stranger (DNS rebinding).
 */
export function isLocalName(hostname: string): boolean {
  return isLoopbackName(hostname) || hostname.endsWith('.localhost');
}

function isDigits(text: string, from: number): boolean {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}
