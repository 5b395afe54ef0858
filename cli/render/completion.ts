/** Completion scripts for shells, made from the command tree: names, and the options of each. Pure. */

export interface CommandFacts {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
  /** `--long` and `-s`. */
  readonly flags: readonly string[];
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function completionScript(shell: (typeof SHELLS)[number], commands: readonly CommandFacts[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
  }
}

const namesOf = ({ name, aliases }: CommandFacts): readonly string[] => [name, ...aliases];

function bash(commands: readonly CommandFacts[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map((one) => `    ${namesOf(one).join('|')}) options="${one.flags.join(' ')}" ;;`);
  return `# paas-local completion for bash: eval "$(paas-local completion bash)"
_paas_local() {
  local word="\${COMP_WORDS[COMP_CWORD]}" options=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names} help" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    help) COMPREPLY=($(compgen -W "${names}" -- "$word")); return ;;
  esac
  if [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _paas_local paas-local`;
}

function zsh(commands: readonly CommandFacts[]): string {
  const quoted = (text: string): string => text.replaceAll("'", "'\\\\''").replaceAll(':', '\\:');
  const names = commands.map(({ name, description }) => `    '${name}:${quoted(description)}'`);
  const cases = commands.map(
    (one) => `    ${namesOf(one).join('|')}) compadd -- ${one.flags.join(' ')}; _files ;;`,
  );
  return `#compdef paas-local
# paas-local completion for zsh: eval "$(paas-local completion zsh)"
_paas_local() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "\${words[2]}" in
${cases.join('\n')}
    *) _files ;;
  esac
}
compdef _paas_local paas-local`;
}

function fish(commands: readonly CommandFacts[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((one) => [
    `complete -c paas-local -n __fish_use_subcommand -a ${one.name} -d ${quoted(one.description)}`,
    ...one.flags.map((flag) => {
      const kind = flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
      return `complete -c paas-local -n '__fish_seen_subcommand_from ${namesOf(one).join(' ')}' ${kind}`;
    }),
  ]);
  return [`# paas-local completion for fish: paas-local completion fish | source`, ...lines].join('\n');
}
