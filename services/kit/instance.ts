/** Parts of a service instance that are the same for many types. */

/** For what cannot fail once it stands. */
export function neverFails(): Promise<never> {
  return new Promise<never>(() => {});
}
