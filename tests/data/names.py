"""Writes the tables of names of `src/resource/schema`: a row for each type, and one for each object inside types.

Equal objects have one row. A row of an object has a number in place of a type. A name is followed by `!` if it is
required, by `-` if only AWS sets it, by `+` if it holds the tags of the resource, and by its form if that is not one text:

    :b :n     a Boolean, a number
    :?        anything
    :m        a map with any keys
    :*        a list or set; the form of its items follows
    :=ID :~ID an object; an object, or text that has it as JSON
    >ID ^ID   blocks of Terraform, at most one block
    %ID       blocks or objects of Terraform: the source does not say which

The name `*` stands for all other names.
"""


class Table:
    """The rows of types and objects. An object that contains itself has a row of its own."""

    def __init__(self):
        self.types = []
        self.objects = {}
        self.recursive = {}

    def add(self, name, growth, attributes, names):
        self.types.append(f"{name}\t{growth}\t{attributes}\t{','.join(sorted(names))}")

    def object(self, names):
        """The ID of an object with these names and forms."""
        return self.objects.setdefault(",".join(sorted(names)), self._number())

    def reserved(self, key):
        """The ID of an object that is not complete; `complete` adds its names."""
        if key not in self.recursive:
            self.recursive[key] = [self._number(), None]
        return self.recursive[key][0]

    def complete(self, key, names):
        """Returns the ID of an object, which others can have reserved."""
        if key not in self.recursive:
            return self.object(names)
        self.recursive[key][1] = ",".join(sorted(names))
        return self.recursive[key][0]

    def _number(self):
        return f"{len(self.objects) + len(self.recursive):04x}"

    def text(self, head):
        objects = [(number, names) for names, number in self.objects.items()] + [*map(tuple, self.recursive.values())]
        rows = [f"{number}\t\t\t{names}" for number, names in objects]
        return head + "".join(f"{row}\n" for row in sorted([*rows, *self.types]))
