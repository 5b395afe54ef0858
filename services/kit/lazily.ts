/**
 * Loads a module when it is first wanted, and asks the module loader only then: an `import()` of what is there already
 * takes fifteen milliseconds where loader hooks are installed, as by tsx or a test runner.
 */
export function lazily<Module>(load: () => Promise<Module>): () => Promise<Module> {
  let loaded: Promise<Module> | undefined;
  return () => (loaded ??= load());
}
