/** Questions only a Python can answer, asked in its own language. Each prints one line of JSON. */

/** Imports what both scripts lean on: `packaging`, wherever this interpreter has it. */
const PACKAGING = `
import json, sys
try:
    from packaging.requirements import Requirement
except ImportError:
    from pip._vendor.packaging.requirements import Requirement
`;

/**
 * argv[1]: a JSON list of requirements. Prints what this interpreter does not have, in words: \`[]\` means all
 * is there, with everything it needs in turn.
 */
export const CHECK_SATISFIED = `${PACKAGING}
from importlib import metadata
missing, seen = [], set()
queue = [(text, "") for text in json.loads(sys.argv[1])]
while queue and len(seen) < 5000:
    text, extra = queue.pop(0)
    if (text, extra) in seen:
        continue
    seen.add((text, extra))
    wanted = Requirement(text)
    if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
        continue
    try:
        if wanted.url:
            raise metadata.PackageNotFoundError
        found = metadata.distribution(wanted.name)
    except metadata.PackageNotFoundError:
        missing.append(text)
        continue
    if not wanted.specifier.contains(found.version, prereleases=True):
        missing.append("%s (%s is here)" % (text, found.version))
        continue
    for needed in found.requires or []:
        queue += [(needed, one) for one in {""} | set(wanted.extras)]
print(json.dumps(missing))
`;

/**
 * argv[1]: Pipfile or pyproject.toml; argv[2]: its lock file or "".
 * Prints {"requirements": [...], "constraints": [...]}: what is asked for, and the versions to hold to.
 */
export const READ_PROJECT = `
import json, re, sys
try:
    import tomllib
except ImportError:
    try:
        import tomli as tomllib
    except ImportError:
        from pip._vendor import tomli as tomllib

def read(path):
    with open(path, "rb") as file:
        return json.load(file) if path.endswith("Pipfile.lock") else tomllib.load(file)

def poetry_range(text):
    """Poetry's ^1.2 and ~1.2 in the spelling of everybody else."""
    parts = []
    for part in text.split(","):
        part = part.strip()
        mark, rest = part[:1], part[1:].strip()
        if mark in "^~" and not part.startswith("~="):
            numbers = [int(n) for n in re.findall(r"\\d+", rest)] or [0]
            if mark == "^":
                keep = next((i for i, n in enumerate(numbers) if n), len(numbers) - 1)
            else:
                keep = min(1, len(numbers) - 1)
            upper = numbers[:keep] + [numbers[keep] + 1]
            parts += [">=" + rest, "<" + ".".join(map(str, upper))]
        elif part and part != "*":
            parts.append(part if part[0] in "<>=!~" else "==" + part)
    return ",".join(parts)

def from_table(table, poetry):
    for name, spec in table.items():
        if name.lower() == "python":
            continue
        if isinstance(spec, list):
            spec = spec[0]
        spec = {"version": spec} if isinstance(spec, str) else spec
        if spec.get("optional"):
            continue
        extras = "[%s]" % ",".join(spec["extras"]) if spec.get("extras") else ""
        marker = " ; " + spec["markers"] if spec.get("markers") else ""
        if spec.get("git"):
            ref = spec.get("rev") or spec.get("tag") or spec.get("branch") or spec.get("ref")
            yield "%s%s @ git+%s%s%s" % (name, extras, spec["git"], "@" + ref if ref else "", marker)
        elif spec.get("url") or spec.get("file"):
            yield "%s%s @ %s%s" % (name, extras, spec.get("url") or spec["file"], marker)
        elif spec.get("path"):
            yield spec["path"]
        else:
            version = spec.get("version", "*")
            yield name + extras + (poetry_range(version) if poetry else version.replace("*", "")) + marker

path, lock = sys.argv[1], sys.argv[2]
data = read(path)
if path.endswith("Pipfile"):
    requirements = list(from_table(data.get("packages", {}), False))
else:
    requirements = list(data.get("project", {}).get("dependencies", []))
    requirements += from_table(data.get("tool", {}).get("poetry", {}).get("dependencies", {}), True)
constraints = []
if lock.endswith("Pipfile.lock"):
    constraints = [name + spec["version"] for name, spec in read(lock).get("default", {}).items() if "version" in spec]
elif lock:
    versions = {}
    for package in read(lock).get("package", []):
        if "version" in package and not any(k in package.get("source", {}) for k in ("editable", "virtual", "directory")):
            versions.setdefault(package["name"], set()).add(package["version"])
    # A lock that holds two versions of one package chooses by marker: the resolver must.
    constraints = [name + "==" + found.pop() for name, found in versions.items() if len(found) == 1]
print(json.dumps({"requirements": requirements, "constraints": constraints}))
`;
