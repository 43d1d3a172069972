"""The report of a refresh: what changed in each data set, and from which versions."""
FIRST = 5


def tsv_rows(text):
    """Rows by their first non-empty column; the head is one row."""
    rows = {}
    for line in text.splitlines():
        if line.startswith("#"):
            rows[None] = rows.get(None, "") + line + "\n"
        else:
            rows[next(filter(None, line.split("\t")), "")] = line
    return rows


class Outcome:
    """What happened to one data set."""

    def __init__(self, name, result):
        self.name = name
        self.result = result
        self.detail = ""
        self.notes = []
        self.rows_changed = False

    def compare(self, before, after, rows):
        """Notes which rows differ; the head of a file is the row None."""
        old, new = rows(before) if before else {}, rows(after)
        both = old.keys() & new.keys()
        groups = {
            "added": new.keys() - old.keys(),
            "removed": old.keys() - new.keys(),
            "changed": {key for key in both if old[key] != new[key]},
        }
        head = before and any(None in keys for keys in groups.values())
        groups = {what: sorted(keys - {None}) for what, keys in groups.items()}
        self.rows_changed = any(groups.values())
        self.detail = f"+{len(groups['added'])} -{len(groups['removed'])} ~{len(groups['changed'])}"
        for what, keys in groups.items():
            if keys:
                more = f" and {len(keys) - FIRST} more" if len(keys) > FIRST else ""
                self.notes.append(f"{what}: {', '.join(keys[:FIRST])}{more}")
        if head:
            self.notes.append("the head of the file changed")
        elif not self.rows_changed:
            self.notes.append("only the order or the format of the rows changed")


def versions_text(old, new):
    """The versions of the sources, with an arrow where one changed."""
    parts = []
    for source, version in new.items():
        before = old.get(source)
        arrow = f"{before} -> " if before not in (None, version) else ""
        parts.append(f"{source} {arrow}{version}")
    return ", ".join(parts)


def text_of(outcomes, problems):
    width = max((len(it.name) for it in outcomes), default=0)
    lines = []
    for it in outcomes:
        lines.append(f"{it.name:<{width}}  {it.result:<11}  {it.detail}".rstrip())
        lines += [f"{'':<{width}}    {note}" for note in it.notes]
    lines += [f"problem: {it}" for it in problems]
    return "\n".join(lines)
