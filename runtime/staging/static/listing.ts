import { readdirSync } from 'node:fs';

const MAX_ENTRIES = 10_000;

/** A page that lists a folder's names. Names are hostile. */
export function listingPage(folder: string, address: string, dotFiles: boolean): string {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => dotFiles || !entry.name.startsWith('.'))
    .slice(0, MAX_ENTRIES)
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .toSorted();
  const items = [...(address === '/' ? [] : ['../']), ...names].map(
    (name) => `<li><a href="${escapeHtml(hrefOf(name))}">${escapeHtml(name)}</a></li>`,
  );
  const title = escapeHtml(address);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><ul>${items.join('')}</ul></html>\n`;
}

/** Relative, and never read as a scheme: `./a:b`. */
const hrefOf = (name: string): string => `./${name.split('/').map(encodeURIComponent).join('/')}`;

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
