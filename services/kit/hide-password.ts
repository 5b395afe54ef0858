/** A URL as it may be shown: its password is not in it. */
export function hidePassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):[^@]*@/i, '$1:***@');
}
