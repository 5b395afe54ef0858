/** Java: an executable jar, found or built by Maven or Gradle. Archives for a servlet container are refused with the reason. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PaasError } from '../kernel/errors.ts';
import { findTool } from '../../services/kit/find-tool.ts';
import { installInPlace } from './in-place.ts';
import { isExecutableArchive } from './java/archive.ts';
import { mavenError } from './java/build-error.ts';
import { buildTool, sourceFiles, type BuildTool } from './java/build-tool.ts';
import { shellQuote } from '../kernel/shell-quote.ts';
import { installLine } from './tool-hints.ts';
import type { AppSource, Buildpack, DetectedCommand, Findings, InstallContext, Installed } from './types.ts';

const BUILD_TIMEOUT_MS = 900_000;

export const java: Buildpack = {
  name: 'java',
  aliases: ['java_web', 'java_ee', 'spring', 'grails', 'lift', 'java7', 'tomcat', 'liberty'],
  recognise,
  inspect,
  programs: () => [{ name: 'java', tool: 'java' }],
  install,
};

function recognise(source: AppSource): string | undefined {
  const tool = buildTool(source);
  if (tool) return `${tool.file} found`;
  const archive = archiveAtTop(source);
  if (archive) return `${archive} found`;
  return ['WEB-INF/web.xml', 'META-INF/MANIFEST.MF'].flatMap((file) =>
    source.hasFile(file) ? [`${file} found`] : [],
  )[0];
}

/** A library's sources and documentation come as jars too. */
const archiveAtTop = (source: AppSource): string | undefined =>
  source.list().find((name) => /\.(jar|war|ear)$/.test(name) && !/-(sources|javadoc|plain)\.jar$/.test(name));

function inspect(source: AppSource): Findings {
  const start = startCommand(source);
  const tool = buildTool(source);
  return {
    commands: start ? { web: start } : {},
    lookedFor: ['an executable .jar', 'pom.xml', 'build.gradle', 'Main-Class in META-INF/MANIFEST.MF'],
    // Sources too: what runs is built of them.
    requirementFiles: tool ? sourceFiles(source, tool) : [],
    notes: [],
  };
}

/** SERVER_PORT is what Spring Boot listens on; an app of another kind reads PORT itself. */
const JAVA = 'SERVER_PORT=$PORT SERVER_ADDRESS=${SERVER_ADDRESS:-127.0.0.1} exec java $JAVA_OPTS';

function startCommand(source: AppSource): DetectedCommand | undefined {
  const tool = buildTool(source);
  // The one archive that the build leaves, whatever its version.
  if (tool)
    return {
      command: `${JAVA} -jar "$(ls -t ${tool.output}/*.jar ${tool.output}/*.war 2>/dev/null | grep -v -e -plain.jar -e -sources.jar -e -javadoc.jar -e '^original-' | head -n 1)"`,
      from: tool.file,
    };
  const archive = archiveAtTop(source);
  if (archive) return { command: `${JAVA} -jar ${shellQuote(archive)}`, from: archive };
  const main = /^Main-Class:\s*([\w.$]+)\s*$/m.exec(source.readText('META-INF/MANIFEST.MF') ?? '')?.[1];
  return main === undefined
    ? undefined
    : { command: `${JAVA} -cp . ${shellQuote(main)}`, from: 'META-INF/MANIFEST.MF' };
}

async function install(context: InstallContext): Promise<Installed> {
  const { source } = context;
  await mkdir(context.cacheDir, { recursive: true, mode: 0o700 });
  need(context, 'java', 'Java');
  const tool = buildTool(source);
  if (tool) {
    const result = await installInPlace(context, {
      language: 'java',
      inputs: sourceFiles(source, tool),
      isThere: () => existsSync(join(source.root, tool.output)),
      install: () => build(context, tool),
    });
    return { ...result, path: [], env: {} };
  }
  refuseContainerApps(context);
  return { skipped: true, fingerprint: archiveAtTop(source) ?? 'java', path: [], env: {} };
}

async function build(context: InstallContext, tool: BuildTool): Promise<void> {
  const wrapper = context.source.hasFile(tool.wrapper);
  const file = wrapper ? '/bin/sh' : need(context, tool.program, tool.name);
  context.log(`-----> Building with ${tool.name}`);
  const result = await context.run({
    file,
    args: [...(wrapper ? [tool.wrapper] : []), ...tool.args, ...(context.offline ? ['--offline'] : [])],
    cwd: context.source.root,
    env: context.toolEnv,
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  context.signal.throwIfAborted();
  if (result.code !== 0) throw mavenError(context, tool, result);
}

/** A .war or .ear without a server in it needs one around it, and there is none here. */
function refuseContainerApps(context: InstallContext): void {
  const { source, manifest } = context;
  const archive = archiveAtTop(source);
  const executable =
    archive?.endsWith('.jar') || (archive !== undefined && isExecutableArchive(join(source.root, archive)));
  if (executable || (archive === undefined && !source.hasFile('WEB-INF/web.xml'))) return;
  if (manifest.processes.some(({ type, command }) => type === 'web' && command !== undefined)) return;
  throw new PaasError('STAGING_FAILED', {
    app: manifest.name,
    message: `${archive ?? 'WEB-INF/web.xml'} is made for a servlet container, which paas-local does not bring`,
    hint: 'Build an executable archive (Spring Boot, or a main class that starts an embedded Jetty or Tomcat), or start your container with "command:"',
  });
}

function need(context: InstallContext, program: 'java' | 'mvn' | 'gradle', name: string): string {
  const file = findTool(program, context.toolEnv);
  if (file) return file;
  const install = installLine(program === 'mvn' ? 'maven' : program, context.toolEnv);
  throw new PaasError('STAGING_TOOL_MISSING', {
    app: context.manifest.name,
    tool: name,
    ...(install ? { install } : {}),
  });
}
