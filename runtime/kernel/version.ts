/** The package's version, written once in package.json; the control handshake and `--version` use it. */
export const VERSION = '0.1.0';
