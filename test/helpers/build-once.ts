import { build } from '../../build.mjs';

/** The command-line tests run the bundle that is shipped, so it is built once before any of them. */
export default async function setup(): Promise<void> {
  await build();
}
