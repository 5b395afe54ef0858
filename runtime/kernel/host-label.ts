/** An app's name as a host label: what is not a letter, digit or `-` becomes `-`; at most 63 characters. */
export function hostLabel(name: string): string {
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
  return label === '' ? 'app' : label;
}
