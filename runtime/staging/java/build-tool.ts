/** What builds a Java app, and of which files. Only reads. */
import type { AppSource } from '../types.ts';

export interface BuildTool {
  readonly name: 'Maven' | 'Gradle';
  readonly program: 'mvn' | 'gradle';
  /** The file by which it was known. */
  readonly file: string;
  /** Script in the app's folder that brings the right version. */
  readonly wrapper: string;
  readonly args: readonly string[];
  /** Where the archive is left. */
  readonly output: string;
}

export function buildTool(source: AppSource): BuildTool | undefined {
  if (source.hasFile('pom.xml')) {
    return {
      name: 'Maven',
      program: 'mvn',
      file: 'pom.xml',
      wrapper: 'mvnw',
      args: ['--batch-mode', '--quiet', '-DskipTests', 'package'],
      output: 'target',
    };
  }
  const file = ['build.gradle', 'build.gradle.kts'].find((name) => source.hasFile(name));
  return file === undefined
    ? undefined
    : {
        name: 'Gradle',
        program: 'gradle',
        file,
        wrapper: 'gradlew',
        args: ['--console=plain', '--quiet', 'assemble'],
        output: 'build/libs',
      };
}

/** Sources looked through at most; a larger app is better pushed as the archive it builds. */
const MAX_FILES = 2000;
const MAX_FOLDERS = 1000;

/** Everything the archive is made of. */
export function sourceFiles(source: AppSource, tool: BuildTool): readonly string[] {
  const settings = [tool.file, 'settings.gradle', 'settings.gradle.kts', 'gradle.properties'];
  const files = settings.filter((file, index) => source.hasFile(file) && settings.indexOf(file) === index);
  const folders = ['src/main'];
  for (let seen = 0; seen < MAX_FOLDERS && files.length < MAX_FILES; seen++) {
    const folder = folders.shift();
    if (folder === undefined) break;
    for (const name of source.list(folder)) {
      if (name.endsWith('/')) folders.push(`${folder}/${name.slice(0, -1)}`);
      else files.push(`${folder}/${name}`);
    }
  }
  return files;
}
