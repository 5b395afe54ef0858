/** What a batch of changed files means for an app. Pure. */

export type Classified =
  | { readonly kind: 'manifest'; readonly file: string }
  | { readonly kind: 'requirements'; readonly file: string }
  | { readonly kind: 'code'; readonly file: string };

/** The weightiest cause wins: a changed manifest is read anew, changed requirements are staged anew. */
export function classify(
  files: readonly string[],
  manifestFiles: readonly string[],
  requirementFiles: readonly string[],
): Classified | undefined {
  const manifest = files.find((file) => manifestFiles.includes(file));
  if (manifest) return { kind: 'manifest', file: manifest };
  const requirements = files.find((file) => requirementFiles.includes(file));
  if (requirements) return { kind: 'requirements', file: requirements };
  return files[0] === undefined ? undefined : { kind: 'code', file: files[0] };
}
