/**
 * The guardian's program, for any POSIX shell: `sh -c SCRIPT name RUN_ID GRACE_MS [PATH…]`.
 *
 * Lines on stdin: `+PGID` and `-PGID` put a group on record and take it off; `!TEXT` is said on stderr should the
 * process we guard die, `!` alone nothing; `end` is the clean end. The end of stdin without that word means that the
 * process we guard is dead.
 *
 * A group is ended only while it is the one on record: its leader has the start time it had then, or is gone
 * (a number is not given anew while a group of that number lives). Signal names are given with `-s`, since
 * dash takes `-TERM --` for a number.
 */
export const GUARDIAN_SCRIPT = `
run=$1 grace=$2 farewell=
shift 2
trap '' HUP INT QUIT TERM PIPE
[ -r /proc/self/stat ] && proc=1 || proc=
groups=

# Sets began: the start time of a process, empty where there is none.
look_up() {
  began=
  if [ "$proc" ]; then
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
    set -- \${stat##*) }
    shift 19
    began=$1
  else
    began=$(ps -p "$1" -o lstart= 2>/dev/null | tr -s ' ' _)
  fi
}

take_off() {
  kept=
  for entry in $groups; do
    [ "\${entry%%=*}" = "$1" ] || kept="$kept $entry"
  done
  groups=$kept
}

# Sets living: the groups with a member that is not merely a zombie, which nobody may ever collect in a container.
look_around() {
  if [ "$proc" ]; then
    living=$(cat /proc/[0-9]*/stat 2>/dev/null | awk '{ sub(/^.*[)] /, "") } $1 !~ /[ZX]/ { print $3 }')
  else
    living=$(ps -A -o stat=,pgid= 2>/dev/null | awk '$1 !~ /^Z/ { print $2 }')
  fi
  living=" $(echo $living) "
}

# Keeps only groups that live and are still those on record.
prune() {
  look_around
  kept=
  for entry in $groups; do
    group=\${entry%%=*}
    case $living in *" $group "*) ;; *) continue ;; esac
    look_up "$group"
    [ -z "$began" ] || [ "$entry" = "$group=$began" ] || continue
    kept="$kept $entry"
  done
  groups=$kept
}

# Sets pids: processes with the run's marker. Its two halves are joined by awk alone, which would else find itself.
sweep() {
  if [ "$proc" ]; then
    pids=$(grep -lsF "PAAS_LOCAL_RUN=$run" /proc/[0-9]*/environ | sed 's|/proc/||; s|/environ||')
  else
    pids=$(ps axEww -o pid=,command= 2>/dev/null |
      awk -v name=PAAS_LOCAL_RUN -v run="$run" 'index($0, name "=" run) { print $1 }')
  fi
}

anything_left() {
  prune
  sweep
  [ "$groups$pids" ]
}

send() {
  for entry in $groups; do kill -s "$1" -- "-\${entry%%=*}" 2>/dev/null; done
  for pid in $pids; do kill -s "$1" "$pid" 2>/dev/null; done
}

while read -r line; do
  case $line in
    +*) group=\${line#+}; take_off "$group"; look_up "$group"; groups="$groups $group=$began" ;;
    -*) take_off "\${line#-}" ;;
    !*) farewell=\${line#!} ;;
    end) exit 0 ;;
  esac
done

[ -z "$farewell" ] || printf '%s\\n' "$farewell" >&2
# Whatever was just being started when we were cut off is not on record, and has its mark only a moment later.
anything_left || sleep 0.1 || sleep 1
anything_left && send TERM
waited=0
while anything_left && [ "$waited" -lt "$grace" ]; do
  sleep 0.05 || sleep 1
  waited=$((waited + 50))
done
rounds=0
while anything_left && [ "$rounds" -lt 20 ]; do
  send KILL
  sleep 0.05 || sleep 1
  rounds=$((rounds + 1))
done
[ $# -eq 0 ] || rm -rf -- "$@"
`;
